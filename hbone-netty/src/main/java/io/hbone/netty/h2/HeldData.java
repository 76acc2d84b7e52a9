package io.hbone.netty.h2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * What a stream's application has been given and has not taken, and the rule that keeps its cost in proportion to the window. A
 * window counts payload alone, but every piece of it also costs objects and holds the whole TLS record that it came in: a
 * megabyte in frames of one byte would hold a gigabyte. So pieces pass uncopied while there are few of them, or while they are
 * {@value #FAIR_PIECE} bytes or more on average; smaller ones are then copied together until the application takes something.
 * At most {@value #FREE_PIECES} pieces, and one for each {@value #FAIR_PIECE} bytes of the window, are held.
 *
 * <p><b>Reference counting:</b> takes over what is offered; what is given out is the receiver's.
 *
 * <p><b>Threading:</b> the tunnel's event loop only.
 */
final class HeldData {

    static final int FREE_PIECES = 16;
    static final int FAIR_PIECE = 4096;

    /** A buffer of pieces that were copied together: as much as a full TLS record. */
    private static final int GATHERED = 16 * 1024;

    private int pieces;
    private long bytes;
    private @Nullable ByteBuf gathered;

    /**
     * Whether {@code piece} may be given as it is, after what {@link #next} says; otherwise it is to be {@link #gather}ed.
     */
    boolean passes(ByteBuf piece) {
        return piece.readableBytes() >= FAIR_PIECE
                || (gathered == null && (pieces < FREE_PIECES || bytes >= (long) pieces * FAIR_PIECE));
    }

    /**
     * Copies a piece that does not pass.
     *
     * @return what has become full by it and is to be given, or null
     */
    @Nullable ByteBuf gather(ByteBuf piece, ByteBufAllocator alloc) {
        ByteBuf full = null;
        if (gathered != null && gathered.readableBytes() + piece.readableBytes() > GATHERED) {
            full = next();
        }
        if (gathered == null) {
            gathered = alloc.directBuffer(256, GATHERED);
        }
        gathered.writeBytes(piece);
        piece.release();
        return full;
    }

    /** What was copied together and must be given before anything else, or null. */
    @Nullable ByteBuf next() {
        ByteBuf copied = gathered;
        gathered = null;
        return copied;
    }

    boolean isGathering() {
        return gathered != null;
    }

    /** The application gets {@code length} bytes in one piece. */
    void given(int length) {
        pieces++;
        bytes += length;
    }

    /** The application has taken so much: of the pieces it is supposed to have taken as large a part. */
    void taken(int length) {
        long left = Math.max(0, bytes - length);
        pieces = bytes == 0 ? 0 : (int) ((pieces * left + bytes - 1) / bytes);
        bytes = left;
    }

    void release() {
        if (gathered != null) {
            gathered.release();
            gathered = null;
        }
    }
}
