package io.hbone.enrollment.rules;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/** A workload that may change its own rules decides what the tools print of them. */
class RuleParsersFuzzTest {
    @FuzzTest(maxDuration = "2m")
    void iptables_anyText_isReadAndLeftByAScript(byte[] bytes) {
        String saved = new String(bytes, StandardCharsets.UTF_8);
        for (Convention convention : Convention.values()) {
            IptablesState found = IptablesState.parse(saved, convention);
            RuleSet wanted = RuleSets.of(RedirectSettings.builder(convention).build(), Family.IPV4);

            assertThat(found.to(IptablesState.of(wanted)).isEmpty()).isEqualTo(found.isSame(IptablesState.of(wanted)));
            assertThat(found.to(IptablesState.NONE).isEmpty()).isEqualTo(found.isNone());
        }
    }

    @FuzzTest(maxDuration = "2m")
    void nft_anyText_isReadOrRefused(byte[] bytes) {
        String json = new String(bytes, StandardCharsets.UTF_8);
        try {
            NftState found = NftState.parse(json, Convention.CILIUM);
            assertThat(found.script(Convention.CILIUM, found).isEmpty()).isEqualTo(found.isNone());
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }
}
