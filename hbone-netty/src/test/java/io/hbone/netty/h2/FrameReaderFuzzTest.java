package io.hbone.netty.h2;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Any bytes: nothing but an {@code Http2Exception} comes out, and no buffer stays behind. */
class FrameReaderFuzzTest {

    private static final String CONNECTION_ERROR = "connection error";

    @FuzzTest(maxDuration = "2m")
    void read_anyBytes_isIndependentOfTheCutsAndNoLaxerThanNetty(byte[] bytes) {
        try (FrameReading whole = new FrameReading();
                FrameReading cut = new FrameReading();
                FrameReading nettys = new FrameReading()) {
            List<String> found = whole.read(bytes);
            assertThat(cut.read(cut(bytes))).isEqualTo(found);
            if (found.isEmpty() || !found.get(found.size() - 1).startsWith(CONNECTION_ERROR)) {
                List<String> expected = new ArrayList<>(nettys.readByNetty(bytes));
                if (found.size() > expected.size()) {
                    expected.add("idle"); // an unknown frame that is not complete: Netty's reader waits for its end
                }
                assertThat(found).isEqualTo(expected);
            }
        }
    }

    private static List<byte[]> cut(byte[] bytes) {
        SplittableRandom random = new SplittableRandom(Arrays.hashCode(bytes));
        List<byte[]> pieces = new ArrayList<>();
        for (int at = 0; at < bytes.length; ) {
            int length = Math.min(bytes.length - at, 1 + random.nextInt(12));
            pieces.add(Arrays.copyOfRange(bytes, at, at + length));
            at += length;
        }
        return pieces;
    }
}
