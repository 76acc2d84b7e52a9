package io.hbone.netty.tls;

/** Which side of a connection the peer is. */
enum PeerRole {
    SERVER("1.3.6.1.5.5.7.3.1", "serverAuth"),
    CLIENT("1.3.6.1.5.5.7.3.2", "clientAuth");

    private final String keyPurpose;
    private final String purposeName;

    PeerRole(String keyPurpose, String purposeName) {
        this.keyPurpose = keyPurpose;
        this.purposeName = purposeName;
    }

    /** The extended key usage that a peer of this role must have when it has any (RFC 5280 section 4.2.1.12). */
    String keyPurpose() {
        return keyPurpose;
    }

    String purposeName() {
        return purposeName;
    }
}
