package io.hbone.node.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.node.dns.Aliases.Alias;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AliasesTest {
    private static final List<String> SEARCH = List.of("shop.svc.cluster.local", "svc.cluster.local", "cluster.local");

    private static List<String> names(String name) {
        return Aliases.of(name, "shop", "cluster.local", SEARCH).stream()
                .map(Alias::name)
                .toList();
    }

    @ParameterizedTest
    @CsvSource({
        "cart, cart cart.shop.svc.cluster.local",
        "cart.store, cart.store cart.store.svc.cluster.local cart.store.shop.svc.cluster.local",
        "cart.store.svc, cart.store.svc cart.store.svc.cluster.local cart.store.svc.svc.cluster.local",
        "cart-0.cart.store, cart-0.cart.store cart-0.cart.store.svc.cluster.local",
        "cart-0.cart.store.svc, cart-0.cart.store.svc cart-0.cart.store.svc.cluster.local",
        "a.b.c.d, a.b.c.d",
        "a.b.c.d.e, a.b.c.d.e"
    })
    void name_meansItself_andWhatKubernetesLetsItMean(String name, String expected) {
        assertThat(names(name)).containsExactly(expected.split(" "));
    }

    /** The application's resolver asks for these before it asks for the name that was meant. */
    @Test
    void nameWithASearchDomain_meansWhatIsLeftWithoutIt_too() {
        assertThat(Aliases.of("api.example.com.shop.svc.cluster.local", "shop", "cluster.local", SEARCH))
                .contains(new Alias("api.example.com", "api.example.com"))
                .startsWith(new Alias("api.example.com.shop.svc.cluster.local", null));
        assertThat(Aliases.of("cart.svc.cluster.local", "shop", "cluster.local", SEARCH))
                .contains(new Alias("cart.shop.svc.cluster.local", "cart"));
    }

    @Test
    void searchDomainAlone_isNotStripped() {
        assertThat(names("shop.svc.cluster.local")).doesNotContain("");
        assertThat(names("notcluster.local")).doesNotContain("not");
    }
}
