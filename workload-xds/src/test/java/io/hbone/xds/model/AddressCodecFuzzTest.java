package io.hbone.xds.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.ByteString;
import io.hbone.xds.NamedResource;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.store.WorkloadStore;
import java.util.List;

class AddressCodecFuzzTest {

    /** Whatever comes is read or refused in words, and what is read survives being written and taken by a store. */
    @FuzzTest
    void decode_anyBytes_areReadOrRefused(byte[] body) throws Exception {
        AddressCodec codec = new AddressCodec();
        AddressCodec.Decoded decoded;
        try {
            decoded = codec.decode(ByteString.copyFrom(body));
        } catch (MalformedResourceException e) {
            assertThat(e.getMessage()).isNotEmpty();
            return;
        }
        ByteString encoded = decoded instanceof AddressCodec.DecodedWorkload workload
                ? AddressCodec.encode(workload.value())
                : AddressCodec.encode(((AddressCodec.DecodedService) decoded).value());

        assertThat(codec.decode(encoded)).isEqualTo(decoded);
        assertThat(new WorkloadStore()
                        .apply(TypeUrl.ADDRESS, List.of(new NamedResource(decoded.key(), "1", encoded)), List.of()))
                .isEmpty();
    }
}
