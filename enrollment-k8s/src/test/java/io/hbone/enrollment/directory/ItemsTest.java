package io.hbone.enrollment.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ItemsTest {
    private final Table<String> table = new Table<>();
    private final Items<Pod, String> items =
            new Items<>(new Object(), table, pod -> pod.getMetadata().getUid());
    private final List<String> changes = new ArrayList<>();

    /** What an informer does with a new list after its watch has expired: what was deleted meanwhile is in no event. */
    @Test
    void newList_takesAwayWhatIsNotInIt() {
        table.listen((namespace, name, before, now) -> changes.add(name + ":" + before + ":" + now));
        put("a", "1");
        put("b", "2");
        Set<String> listed = Set.of("shop/a", "shop/c");
        changes.clear();
        put("a", "1");
        put("c", "3");

        Stream<? extends HasMetadata> known = items.values();
        known.map(object -> object.getMetadata().getNamespace()
                        + '/'
                        + object.getMetadata().getName())
                .filter(key -> !listed.contains(key))
                .forEach(items::remove);
        assertThat(changes).containsExactly("c:null:3", "b:2:null");
        assertThat(items.size()).isEqualTo(2);
        assertThat(items.keySet()).containsExactlyInAnyOrder("shop/a", "shop/c");
    }

    @Test
    void clear_tellsOfEach() {
        put("a", "1");
        put("b", "2");
        table.listen((namespace, name, before, now) -> changes.add(name + ":" + before + ":" + now));
        items.clear();

        assertThat(changes).containsExactlyInAnyOrder("a:1:null", "b:2:null");
        assertThat(items.size()).isZero();
    }

    private void put(String name, String uid) {
        items.put(
                "shop/" + name,
                new PodBuilder()
                        .withNewMetadata()
                        .withNamespace("shop")
                        .withName(name)
                        .withUid(uid)
                        .endMetadata()
                        .build());
    }
}
