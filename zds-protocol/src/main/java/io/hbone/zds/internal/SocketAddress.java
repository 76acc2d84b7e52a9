package io.hbone.zds.internal;

import com.sun.jna.Memory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A path as a {@code sockaddr_un}. */
final class SocketAddress {
    /** With its last byte zero. */
    private static final int PATH_BYTES = 108;

    private final Memory memory = new Memory(2 + PATH_BYTES);

    SocketAddress(Path path) throws IOException {
        byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
        if (bytes.length >= PATH_BYTES) {
            throw new IOException("the socket path " + path + " has " + bytes.length + " bytes (expected: at most "
                    + (PATH_BYTES - 1) + ')');
        }
        memory.clear();
        memory.setShort(0, (short) Libc.AF_UNIX);
        memory.write(2, bytes, 0, bytes.length);
    }

    Memory memory() {
        return memory;
    }

    int length() {
        return (int) memory.size();
    }
}
