package io.hbone.xds.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.hbone.xds.NamedResource;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.proto.discovery.DeltaDiscoveryResponse;
import io.hbone.xds.proto.discovery.Resource;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchTest {
    private final ByteString body = ByteString.copyFromUtf8("body");
    private final Entry entry =
            Entry.of(1, TypeUrl.ADDRESS, new NamedResource("uid", "v1", List.of("net/10.0.0.1"), body), List.of());

    private DeltaDiscoveryResponse.Builder batchOf(String name) {
        Batch batch = new Batch(1 << 20);
        batch.add(name, entry);
        return batch.build().setTypeUrl(TypeUrl.ADDRESS).setNonce("1");
    }

    private static ByteString sent(DeltaDiscoveryResponse.Builder response) {
        return response.getUnknownFields()
                .getField(DeltaDiscoveryResponse.RESOURCES_FIELD_NUMBER)
                .getLengthDelimitedList()
                .get(0);
    }

    @Test
    void build_forManyClients_encodesAResourceOnce() {
        assertThat(sent(batchOf("uid"))).isSameAs(sent(batchOf("uid"))).isSameAs(entry.encoded());
    }

    @Test
    void build_onTheWire_isAnOrdinaryResponse() throws Exception {
        DeltaDiscoveryResponse read =
                DeltaDiscoveryResponse.parseFrom(batchOf("uid").build().toByteString());

        Resource resource = read.getResources(0);
        assertThat(read.getResourcesCount()).isEqualTo(1);
        assertThat(read.getNonce()).isEqualTo("1");
        assertThat(read.getUnknownFields().asMap()).isEmpty();
        assertThat(resource.getName()).isEqualTo("uid");
        assertThat(resource.getVersion()).isEqualTo("v1");
        assertThat(resource.getAliasesList()).containsExactly("net/10.0.0.1");
        assertThat(resource.getResource().getTypeUrl()).isEqualTo(TypeUrl.ADDRESS);
        assertThat(resource.getResource().getValue()).isEqualTo(body);
    }

    @Test
    void build_askedByAnAlias_isNamedByIt() throws Exception {
        DeltaDiscoveryResponse read =
                DeltaDiscoveryResponse.parseFrom(batchOf("net/10.0.0.1").build().toByteString());

        assertThat(read.getResources(0).getName()).isEqualTo("net/10.0.0.1");
        assertThat(read.getResources(0).getAliasesList()).containsExactly("net/10.0.0.1");
        assertThat(read.getResources(0).getResource().getValue()).isEqualTo(body);
    }
}
