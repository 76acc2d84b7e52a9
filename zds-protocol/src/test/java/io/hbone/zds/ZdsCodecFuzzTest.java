package io.hbone.zds;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.hbone.zds.internal.Descriptor;
import io.hbone.zds.internal.Packet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Any bytes, with or without a namespace: a request or a {@code ZdsException} comes out, and no file stays open. */
class ZdsCodecFuzzTest {
    private static final Path NAMESPACE = Path.of("/proc/self/ns/net");

    @FuzzTest(maxDuration = "2m")
    void readRequest_anyBytes_isUnderstoodOrRefusedAndClosed(byte[] bytes) throws IOException {
        for (int descriptors = 0; descriptors <= 2; descriptors++) {
            Descriptor[] sent = new Descriptor[descriptors];
            for (int at = 0; at < descriptors; at++) {
                sent[at] = Descriptor.open(NAMESPACE);
            }
            try {
                ZdsRequest request = ZdsCodec.readRequest(packet(bytes, List.of(sent)));
                assertThat(request instanceof ZdsRequest.Add).isEqualTo(descriptors == 1);
                if (request instanceof ZdsRequest.Add add) {
                    add.namespace().close();
                    byte[] written = ZdsCodec.add(add.workload());
                    assertThat(written).isNotEmpty();
                }
            } catch (ZdsException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
            assertThat(sent).allSatisfy(each -> assertThat(isOpen(each)).isFalse());
        }
    }

    @FuzzTest(maxDuration = "2m")
    void readAnswers_anyBytes_areUnderstoodOrRefused(byte[] bytes) {
        try {
            ZdsCodec.readHello(packet(bytes, List.of()));
        } catch (ZdsException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
        try {
            String error = ZdsCodec.readResponse(packet(bytes, List.of()));
            assertThat(ZdsCodec.ack(error)).hasSizeLessThanOrEqualTo(ZdsCodec.LIMIT);
        } catch (ZdsException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    private static Packet packet(byte[] bytes, List<Descriptor> descriptors) {
        return new Packet(bytes, bytes.length, descriptors, false);
    }

    private static boolean isOpen(Descriptor descriptor) {
        try {
            descriptor.id();
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
