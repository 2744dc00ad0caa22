export { connectAs, type ConnectOptions, type Connection, type Message } from './connection.ts';
export { diagnose, type DiagnosisContext, type Stage } from './diagnose.ts';
export { foreignTopic, topicBase, verifyTopic, type BrokerEndpoint, type TlsIdentity } from './endpoint.ts';
export { Observer, type ObserverOptions, type Recorder } from './observer.ts';
export { certificatesOf, chainIsGood, commonNameOf } from './pem.ts';
export { answersPlainMqtt } from './plaintext.ts';
export { probe, type ProbeOptions } from './probe.ts';
