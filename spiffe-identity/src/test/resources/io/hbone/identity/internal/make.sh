#!/bin/sh
# Keys in the forms that openssl used to write, with certificates for them. They secure nothing.
set -eu
cd "$(dirname "$0")"
certificate() {
    openssl req -x509 -new -key "$1" -days 36500 -subj /O=test -out "$2" \
        -addext "subjectAltName=URI:spiffe://cluster.local/ns/default/sa/test" \
        -addext "basicConstraints=critical,CA:FALSE" -addext "keyUsage=critical,digitalSignature"
}
openssl ecparam -name prime256v1 -genkey -out sec1-with-parameters.key
openssl ec -in sec1-with-parameters.key -out sec1.key -no_public
certificate sec1.key sec1.crt
openssl genrsa -traditional -out pkcs1.key 2048
certificate pkcs1.key pkcs1.crt
openssl genpkey -algorithm ed25519 -out ed25519.key
certificate ed25519.key ed25519.crt
openssl pkcs8 -topk8 -in sec1.key -passout pass:test -out encrypted.key
