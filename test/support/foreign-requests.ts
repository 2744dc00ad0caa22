/** Requests that other programs made, DER: P-256 with a subject of each string type, and RSA signed with RSASSA-PSS. */
export const foreignRequests = {
  bmpString: Buffer.from(
    [
      'MIHRMHkCAQAwFzEVMBMGA1UEAx4MADEAMgAzADQANQA2MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEi3Rfy7pqrJH8h5N/3C7gs5LRMPE3v3',
      'YhrjEW1GtSN45Sf7cYRncyNAs85cA0wRi8b7T7eWEM6gsFlLjhaDimy6AAMAoGCCqGSM49BAMCA0gAMEUCIQD5Aao9+k0xmifRje4NDwK8s1tQ',
      'cTc+zoVJGR7/dz0LfwIgM8YdW3nNegIuEBukEHkq+fB0V0qQ+YpJepSWz9DufG8=',
    ].join(''),
    'base64',
  ),
  numericString: Buffer.from(
    [
      'MIHKMHMCAQAwETEPMA0GA1UEAxIGMTIzNDU2MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEi3Rfy7pqrJH8h5N/3C7gs5LRMPE3v3YhrjEW1G',
      'tSN45Sf7cYRncyNAs85cA0wRi8b7T7eWEM6gsFlLjhaDimy6AAMAoGCCqGSM49BAMCA0cAMEQCIC0mRbfWcMlBynq69Aj609afiFo8mdfjbNeb',
      'jw7fGSMEAiBQtdzyTQFda3ZBNm2Ea3PfE7uNsfh/leOqDCxxPLJbJg==',
    ].join(''),
    'base64',
  ),
  t61String: Buffer.from(
    [
      'MIHLMHMCAQAwETEPMA0GA1UEAxQGMTIzNDU2MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEi3Rfy7pqrJH8h5N/3C7gs5LRMPE3v3YhrjEW1G',
      'tSN45Sf7cYRncyNAs85cA0wRi8b7T7eWEM6gsFlLjhaDimy6AAMAoGCCqGSM49BAMCA0gAMEUCIQCG2o1d9sds7qYVYqxPlrttxRShdhFuyRUk',
      'ypu8fzFipQIgUOx4t0XiMp4I9IqbrhB1taA68UFPufY8V4gVLOElqaQ=',
    ].join(''),
    'base64',
  ),
  visibleString: Buffer.from(
    [
      'MIHMMHMCAQAwETEPMA0GA1UEAxoGMTIzNDU2MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEi3Rfy7pqrJH8h5N/3C7gs5LRMPE3v3YhrjEW1G',
      'tSN45Sf7cYRncyNAs85cA0wRi8b7T7eWEM6gsFlLjhaDimy6AAMAoGCCqGSM49BAMCA0kAMEYCIQCet/8wQVbpDUK/Q6yybZQA3TBXSy8d5b/i',
      'bQFOwdAAZAIhAKzO4qGkDh2EmebM89kB2TSXd7uivpmidbVFg3xyMg5h',
    ].join(''),
    'base64',
  ),
  rsaPss: Buffer.from(
    [
      'MIIChjCCATkCAQAwDDEKMAgGA1UEAwwBeDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAJwiiTCwvnOL9WLQ7yrjN7N/ZsoYywCCkK',
      'R2QHOQG4CqrazqpakWVQvJM+gwHfksbMWnLiUiXns+ZdM5ij4bSqtjG0zcPtBzv99PSKcJgG0b8A4GACT/OpC07hXQ1bvE6Tbi7RR23MzO66tI',
      'rGGEGdcE4O7sOYRCX09C+T/YQvPWLrrOhbGTAY2C7R3ASW7qFNuVy2AouqgmzYWJYRTC8oc8sexZHNJNjJs8llNaProoBRU0AUs3Ysq31ui6rq',
      'eW71UxhA0qMuv8KScGWWyept8WMDX3NEGyp7sNoqf+w6ICiZXEELDIWgCgnVcXAbOH62en7CW9/8lxEovnTcTlhQkCAwEAAaAAMEIGCSqGSIb3',
      'DQEBCjA1oA8wDQYJYIZIAWUDBAIBBQChHDAaBgkqhkiG9w0BAQgwDQYJYIZIAWUDBAIBBQCiBAICAN4DggEBAF7BJwyuGll/psLFL6r/HC+n0o',
      'UzdGGdE8/bOhdNTfZlAkZiqMJb0prtyXaU61Ww5XnWGo15OnEeofw4UNgIh+MZa6AadtZ8psRByChvWGJrzCmOFBSSOQ0AEyYG/THo40amF0Rl',
      'g4M4mM+0lmKQ89UdziaYFQ6D8xwYy8/10YidM+FgGLT2LdVKBFvBS7QCZyWSAkjF9p/vUSBFm0RBebZ1Zj+hKBw///5A65tg0hnFjkjLktExzd',
      'BNDaGb0X9F+NxZJqNBDpAPqVhhStozMTj85Y64fdHonxpRNvOvhjAlE6uLG6MDHc2R7EUJEIPTfe1GvDcFPUDYR/sQ2Jp3CcE=',
    ].join(''),
    'base64',
  ),
};
