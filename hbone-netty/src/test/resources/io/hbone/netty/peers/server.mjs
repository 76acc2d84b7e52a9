// A server of Node's http2 that echoes what CONNECT streams carry. Arguments: chain, key, roots, how many streams at a time.
// Says its port, then a line for each session and each stream. A CONNECT to port 7 of anything ends the session gracefully.
import http2 from 'node:http2';
import fs from 'node:fs';

const [cert, key, ca, streams] = process.argv.slice(2);

const server = http2.createSecureServer({
  cert: fs.readFileSync(cert),
  key: fs.readFileSync(key),
  ca: fs.readFileSync(ca),
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: 'TLSv1.3',
  settings: { maxConcurrentStreams: Number(streams) },
});
server.on('session', (session) => {
  console.log(`session ${session.socket.getPeerCertificate().subjectaltname}`);
  session.on('close', () => console.log('session closed'));
  session.on('goaway', (code) => console.log(`goaway ${code}`));
});
server.on('stream', (stream, headers) => {
  const authority = headers[':authority'];
  console.log(`stream ${headers[':method']} ${authority}`);
  stream.on('error', (e) => console.log(`stream error ${e.message}`));
  if (authority.endsWith(':503')) {
    stream.respond({ ':status': 503 }, { endStream: true });
    return;
  }
  stream.respond({ ':status': 200 });
  if (authority.endsWith(':7')) {
    stream.session.goaway();
  }
  stream.pipe(stream);
});
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
