package io.hbone.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.SpiffeId;
import io.hbone.xds.NamedResource;
import io.hbone.xds.TypeUrl;
import io.hbone.xds.model.AddressCodec;
import io.hbone.xds.model.Workload;
import io.hbone.xds.server.MeshResources;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MeshDirectoryTest {
    private final MeshResources nodes = new MeshResources();
    private final MeshDirectory mesh = new MeshDirectory(nodes);

    private static Workload workload(String uid, String canonicalName, boolean enrolled) {
        return Workload.builder(uid, uid, SpiffeId.parseStrict("spiffe://cluster.local/ns/shop/sa/cart"))
                .canonicalName(canonicalName)
                .enrolled(enrolled)
                .build();
    }

    private static NamedResource resource(Workload workload) {
        return new NamedResource(workload.uid(), "", AddressCodec.encode(workload));
    }

    private Map<String, String> told() throws Exception {
        Map<String, String> told = new TreeMap<>();
        for (NamedResource resource : nodes.snapshot(TypeUrl.ADDRESS)) {
            Workload workload = ((AddressCodec.DecodedWorkload) new AddressCodec().decode(resource.body())).value();
            told.put(workload.uid(), workload.canonicalName() + (workload.enrolled() ? " tunnel" : " plain"));
        }
        return told;
    }

    @Test
    void announcement_says_howAWorkloadIsReachedNow_whateverItShallBe() throws Exception {
        mesh.announce(workload("a", "carts", true), Announced.PLAIN);
        assertThat(told()).containsExactly(Map.entry("a", "carts plain"));
        mesh.announce(workload("a", "carts", true), Announced.TUNNEL);
        assertThat(told()).containsExactly(Map.entry("a", "carts tunnel"));
        mesh.announce(workload("a", "carts", true), Announced.NOTHING);
        assertThat(told()).isEmpty();
    }

    @Test
    void announcement_countsMoreThanWhatOthersSay_untilItIsForgotten() throws Exception {
        mesh.apply(TypeUrl.ADDRESS, List.of(resource(workload("a", "others", true))), List.of());
        mesh.apply(TypeUrl.ADDRESS, List.of(resource(workload("b", "others", true))), List.of());
        mesh.announce(workload("a", "own", true), Announced.PLAIN);
        assertThat(told()).containsExactly(Map.entry("a", "others plain"), Map.entry("b", "others tunnel"));
        mesh.apply(TypeUrl.ADDRESS, List.of(resource(workload("a", "changed", true))), List.of());
        assertThat(told()).containsEntry("a", "changed plain");
        mesh.apply(TypeUrl.ADDRESS, List.of(), List.of("a", "b"));
        assertThat(told()).containsExactly(Map.entry("a", "own plain"));
        mesh.apply(TypeUrl.ADDRESS, List.of(resource(workload("a", "others", true))), List.of());
        mesh.forget("a");
        assertThat(told()).containsExactly(Map.entry("a", "others tunnel"));
    }

    @Test
    void replace_removesWhatIsNotSaidAnyMore_andLeavesAnnouncements() throws Exception {
        mesh.announce(workload("a", "own", true), Announced.TUNNEL);
        mesh.replace(
                List.of(resource(workload("b", "others", true)), resource(workload("c", "others", false))),
                List.of(new NamedResource("shop/p", "", AddressCodec.encode(workload("x", "", false)))));
        assertThat(told().keySet()).containsExactly("a", "b", "c");
        assertThat(nodes.snapshot(TypeUrl.AUTHORIZATION)).hasSize(1);
        mesh.replace(List.of(resource(workload("c", "others", false))), List.of());
        assertThat(told().keySet()).containsExactly("a", "c");
        assertThat(nodes.snapshot(TypeUrl.AUTHORIZATION)).isEmpty();
    }
}
