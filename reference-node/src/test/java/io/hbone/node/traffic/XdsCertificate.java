package io.hbone.node.traffic;

import java.nio.file.Path;

/** What an xDS server shows to stock ztunnels, which ask for TLS. */
public final class XdsCertificate {
    private static final String SCRIPT = """
            cd $0
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=root -days 1 \\
              -keyout root.key -out root.pem 2>/dev/null
            openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=xds -keyout xds.key -out xds.csr 2>/dev/null
            printf 'subjectAltName=%s\\nextendedKeyUsage=serverAuth\\n' $1 > ext
            openssl x509 -req -in xds.csr -CA root.pem -CAkey root.key -days 1 -extfile ext -out xds.pem 2>/dev/null
            """;

    private XdsCertificate() {}

    /**
     * Makes root.pem, xds.pem and xds.key.
     *
     * @param name who it is for, as openssl has it: {@code DNS:...} or {@code IP:...}
     */
    public static void make(Pod pod, Path folder, String name) {
        pod.bash(SCRIPT, folder, name).success();
    }
}
