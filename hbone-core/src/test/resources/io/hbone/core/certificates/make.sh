#!/bin/sh
# Makes the certificates of this folder again: sh make.sh (OpenSSL 3). Every file is one PEM chain, leaf first; keys are
# *.key in PKCS#8. The keys guard nothing: they exist for the tests of this module only.
set -eu
cd "$(dirname "$0")"
rm -f ./*.pem ./*.key
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rsa() { openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:$2" -out "$1.key"; }
ec() { openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key"; }
ec p256 P-256
ec p256-other P-256
ec p384 P-384
ec p521 P-521
rsa rsa2048 2048
rsa rsa1024 1024
openssl genpkey -algorithm ED25519 -out ed25519.key
openssl genpkey -algorithm ED448 -out ed448.key

cat >"$work/ca.cnf" <<CNF
[ca]
default_ca = tests
[tests]
database = $work/index.txt
serial = $work/serial
new_certs_dir = $work
default_md = sha256
policy = any
unique_subject = no
[any]
organizationName = optional
commonName = optional
CNF
# sign NAME KEY ISSUER SERIAL START END, extensions on stdin. ISSUER "self" signs with the own key.
sign() {
    cat >"$work/ext.cnf"
    echo "$4" >"$work/serial"
    : >"$work/index.txt"
    openssl req -new -key "$2.key" -subj "/O=hbone tests/CN=$1" -out "$work/csr"
    if [ "$3" = self ]; then
        set -- "$1" "$2" "-selfsign -keyfile $2.key" "$4" "$5" "$6"
    else
        set -- "$1" "$2" "-cert $work/$3.crt -keyfile $work/$3.key" "$4" "$5" "$6"
    fi
    # shellcheck disable=SC2086 # $3 is several words
    openssl ca -batch -notext -config "$work/ca.cnf" $3 -in "$work/csr" -extfile "$work/ext.cnf" \
        -startdate "$5" -enddate "$6" -out "$work/$1.crt" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
    cp "$2.key" "$work/$1.key"
    cp "$work/$1.crt" "$1.pem"
}

ca_extensions() {
    echo "basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
subjectAltName = URI:spiffe://$1"
}

ca_extensions example.org | sign root p256 self 01 20200101000000Z 20500101000000Z
ca_extensions partner.example | sign root-partner p256-other self 01 20200101000000Z 20500101000000Z
ca_extensions example.org | sign intermediate p256-other root 02 20250601000000Z 20300101000000Z

start=20260101000000Z
end=20360101000000Z
usage='keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth'
leaf='basicConstraints = critical, CA:FALSE'
san='subjectAltName = URI:spiffe://example.org/ns/shop/sa/cart'

# leaf_with NAME KEY SERIAL LINE...: a leaf signed by the root, with these extensions.
leaf_with() {
    name=$1 key=$2 serial=$3
    shift 3
    printf '%s\n' "$@" | sign "$name" "$key" root "$serial" "$start" "$end"
}

leaf_with leaf p256 1F2E3D4C5B6A79880A "$leaf" "$usage" "$san,DNS:cart.shop.svc,IP:10.0.0.1,email:cart@example.org"
leaf_with leaf-renewed p256 1F2E3D4C5B6A79880B "$leaf" "$usage" "$san"
leaf_with p384 p384 10 "$leaf" "$usage" "$san"
leaf_with p521 p521 11 "$leaf" "$usage" "$san"
leaf_with rsa2048 rsa2048 12 "$leaf" "$usage" "$san"
leaf_with rsa1024 rsa1024 13 "$leaf" "$usage" "$san"
leaf_with ed25519 ed25519 14 "$leaf" "$usage" "$san"
leaf_with ed448 ed448 15 "$leaf" "$usage" "$san"
leaf_with no-basic-constraints-no-usage p256 16 "$san"

leaf_with ca-as-leaf p256 20 'basicConstraints = critical, CA:TRUE' "$usage" "$san"
leaf_with key-cert-sign p256 21 "$leaf" 'keyUsage = critical, digitalSignature, keyCertSign' "$san"
leaf_with crl-sign p256 22 "$leaf" 'keyUsage = critical, digitalSignature, cRLSign' "$san"
leaf_with no-digital-signature p256 23 "$leaf" 'keyUsage = critical, keyAgreement' "$san"

leaf_with no-san p256 30 "$leaf" "$usage"
leaf_with dns-san-only p256 31 "$leaf" "$usage" 'subjectAltName = DNS:cart.shop.svc'
leaf_with two-uris p256 32 "$leaf" "$usage" "$san,URI:spiffe://example.org/ns/shop/sa/admin"
leaf_with same-uri-twice p256 33 "$leaf" "$usage" "$san,URI:spiffe://example.org/ns/shop/sa/cart"
leaf_with spiffe-and-https-uri p256 34 "$leaf" "$usage" "$san,URI:https://example.org/"
leaf_with https-uri p256 35 "$leaf" "$usage" 'subjectAltName = URI:https://example.org/ns/shop/sa/cart'
leaf_with unreadable-uri p256 36 "$leaf" "$usage" 'subjectAltName = URI:spiffe://example.org/ns/sh op/sa/cart'
leaf_with upper-case-trust-domain p256 37 "$leaf" "$usage" 'subjectAltName = URI:spiffe://Example.org/ns/shop/sa/cart'
leaf_with upper-case-scheme p256 38 "$leaf" "$usage" 'subjectAltName = URI:SPIFFE://example.org/ns/shop/sa/cart'
leaf_with trust-domain-only p256 39 "$leaf" "$usage" 'subjectAltName = URI:spiffe://example.org'
leaf_with percent-encoded p256 3A "$leaf" "$usage" 'subjectAltName = URI:spiffe://example.org/ns/sh%6Fp/sa/cart'
leaf_with query p256 3B "$leaf" "$usage" 'subjectAltName = URI:spiffe://example.org/ns/shop/sa/cart?a=b'
leaf_with port p256 3C "$leaf" "$usage" 'subjectAltName = URI:spiffe://example.org:443/ns/shop/sa/cart'
leaf_with no-dns-trust-domain p256 3D "$leaf" "$usage" 'subjectAltName = URI:spiffe://my_td/ns/shop/sa/cart'

start=20200101000000Z end=20200102000000Z
leaf_with expired p256 40 "$leaf" "$usage" "$san"
printf '%s\n' "$leaf" "$usage" "$san" | sign by-intermediate p256 intermediate 41 20260101000000Z 20360101000000Z
cat intermediate.pem >>by-intermediate.pem
cat intermediate.pem >>expired.pem && mv expired.pem never-valid-chain.pem && cp "$work/expired.crt" expired.pem
