package io.hbone.bench.harness;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.junit.jupiter.api.Test;

class TunnelPairTest {

    @Test
    void serverReads_framesAgainAndAgain_keepsNone() {
        try (TunnelPair tunnels = new TunnelPair()) {
            List<ByteBuf> frames = tunnels.dataFrames(64, 16 * 1024);
            for (int i = 0; i < 10; i++) {
                tunnels.serverReads(frames);
            }
            assertThat(tunnels.serverHasTaken()).isEqualTo(10L * 64 * 16 * 1024);
            assertThat(frames).allMatch(piece -> piece.refCnt() == 1);
            frames.forEach(ByteBuf::release);
        }
    }

    @Test
    void clientReads_creditForWhatItWrote_mayWriteAgain() {
        try (TunnelPair tunnels = new TunnelPair()) {
            ByteBuf data = tunnels.dataWithHeadroom(16 * 1024);
            ByteBuf credit = tunnels.credit(16 * 1024);
            for (int i = 0; i < 20_000; i++) {
                tunnels.clientStream().write(data.retainedDuplicate());
                tunnels.clientReads(credit);
            }
            assertThat(data.refCnt()).isEqualTo(1);
            data.release();
            credit.release();
        }
    }
}
