package io.hbone.node.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;

/**
 * The first bytes of a client: four that say who speaks, one for the mode, four for the size. The server answers the first four,
 * which proves to the client whom it has reached.
 *
 * @param mode what is asked
 * @param size bytes, 0 to {@link #MAX_SIZE}: of a write for {@link Mode#SOURCE}, of the whole answer for {@link Mode#ONCE}, else 0
 */
record Hello(Mode mode, int size) {
    static final int MAGIC = 'H' << 24 | 'B' << 16 | 'N' << 8 | '1';
    static final int MAGIC_LENGTH = 4;
    static final int LENGTH = MAGIC_LENGTH + 1 + 4;
    static final int MAX_SIZE = 1 << 20;

    /** How much of something unexpected is shown. */
    private static final int SHOWN = 24;

    void write(ByteBuf out) {
        out.writeInt(MAGIC).writeByte(mode.code()).writeInt(size);
    }

    /**
     * Reads one out of {@link #LENGTH} bytes or more.
     *
     * @throws IllegalArgumentException when these are no hello
     */
    static Hello read(ByteBuf in) {
        String seen = shown(in);
        int magic = in.readInt();
        Mode mode = Mode.of(in.readByte());
        int size = in.readInt();
        if (magic != MAGIC || mode == null || size < 0 || size > MAX_SIZE || (size == 0 && sized(mode))) {
            throw new IllegalArgumentException("\"" + seen + "\" (expected: a client of hbone bench)");
        }
        return new Hello(mode, size);
    }

    private static boolean sized(Mode mode) {
        return mode == Mode.SOURCE || mode == Mode.ONCE;
    }

    /** The beginning of what can be read, with dots for what is no printable character. */
    static String shown(ByteBuf in) {
        int length = Math.min(SHOWN, in.readableBytes());
        byte[] bytes = ByteBufUtil.getBytes(in, in.readerIndex(), length);
        return new String(bytes, StandardCharsets.ISO_8859_1).replaceAll("[^ -~]", ".");
    }
}
