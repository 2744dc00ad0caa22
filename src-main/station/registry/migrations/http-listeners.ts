/** Where revocation lists are served became one listener of several. */
export const httpListeners = `
  INSERT INTO settings (key, value)
    SELECT 'http.listeners', json_array(json_object(
      'name', 'lists', 'host', json_extract(value, '$.host'), 'port', json_extract(value, '$.port'),
      'tls', json('false'), 'names', json_array(), 'serves', json_array('crl')))
    FROM settings WHERE key = 'crl.listen' AND json_type(value) = 'object';
  DELETE FROM settings WHERE key = 'crl.listen';
`;
