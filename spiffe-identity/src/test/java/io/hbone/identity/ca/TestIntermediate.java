package io.hbone.identity.ca;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A root and an intermediate of it, made by openssl: what a user who has a CA brings. */
record TestIntermediate(Path chain, Path key, Path root) {
    private static final String MAKE = """
            cd $0; umask 077
            ca='basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\n'
            openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 -subj /CN=root 2>/dev/null
            openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -subj /CN=intermediate -keyout i.key -out i.csr 2>/dev/null
            printf "$ca" > ext
            openssl x509 -req -in i.csr -CA root.pem -CAkey root.key -days 20 -extfile ext -out chain.pem 2>/dev/null
            """;

    static TestIntermediate make(Path directory) throws IOException, InterruptedException {
        Path folder = Files.createDirectory(directory.resolve("intermediate"));
        Process process = new ProcessBuilder("bash", "-euc", MAKE, folder.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IOException("openssl: " + said);
        }
        return new TestIntermediate(folder.resolve("chain.pem"), folder.resolve("i.key"), folder.resolve("root.pem"));
    }
}
