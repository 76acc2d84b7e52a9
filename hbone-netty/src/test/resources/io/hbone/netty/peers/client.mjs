// A client of Node's http2 that opens CONNECT streams. Arguments: port, chain, key, roots, the server's SPIFFE id, then what to
// do. Says one line for each stream: its number, the status, how many bytes came back, their sha256; at last how the session ended.
import http2 from 'node:http2';
import fs from 'node:fs';
import crypto from 'node:crypto';

const [port, cert, key, ca, serverId, action, count, size] = process.argv.slice(2);

const session = http2.connect(`https://127.0.0.1:${port}`, {
  cert: fs.readFileSync(cert),
  key: fs.readFileSync(key),
  ca: fs.readFileSync(ca),
  minVersion: 'TLSv1.3',
  checkServerIdentity: (host, peer) =>
    peer.subjectaltname === `URI:${serverId}` ? undefined : new Error(`server is ${peer.subjectaltname}`),
});
session.on('error', (e) => console.log(`session error ${e.message}`));
session.on('goaway', (code) => console.log(`goaway ${code}`));
session.on('close', () => console.log('session closed'));

function exchange(number, bytes) {
  return new Promise((resolve) => {
    const stream = session.request({ ':method': 'CONNECT', ':authority': `10.0.0.1:${number}` }, { endStream: false });
    const hash = crypto.createHash('sha256');
    let status = 0;
    let length = 0;
    stream.on('response', (headers) => {
      status = headers[':status'];
      if (status === 200) {
        stream.end(bytes);
      }
    });
    stream.on('data', (chunk) => {
      hash.update(chunk);
      length += chunk.length;
      if (action === 'cancel') {
        stream.close(http2.constants.NGHTTP2_CANCEL);
      }
    });
    stream.on('error', (e) => console.log(`stream ${number} error ${e.message}`));
    stream.on('close', () => {
      console.log(`${number} ${status} ${length} ${hash.digest('hex')}`);
      resolve();
    });
  });
}

function request(headers) {
  return new Promise((resolve) => {
    const stream = session.request(headers, { endStream: false });
    stream.on('response', (answer) => console.log(`answer ${answer[':status']}`));
    stream.on('error', (e) => console.log(`error ${e.message}`));
    stream.on('close', resolve);
    stream.resume();
  });
}

if (action === 'reject') {
  await request({ ':method': 'GET', ':path': '/' });
  await request({ ':method': 'CONNECT', ':authority': '10.0.0.1' });
  await exchange(503, '');
} else {
  const all = [];
  for (let i = 1; i <= count; i++) {
    all.push(exchange(i, Buffer.alloc(Number(size), i)));
  }
  await Promise.all(all);
}
session.close();
