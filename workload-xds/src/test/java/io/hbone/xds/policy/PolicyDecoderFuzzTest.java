package io.hbone.xds.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.ByteString;
import io.hbone.core.Decision;
import java.util.List;

/** Any bytes: either an {@link InvalidPolicyException}, or a policy that decides as the naive matcher says. */
class PolicyDecoderFuzzTest {
    @FuzzTest(maxDuration = "2m")
    void decode_anyBytes_isRejectedOrDecidesAsTheNaiveMatcherSays(byte[] bytes) {
        Policy policy;
        try {
            policy = PolicyDecoder.decode(ByteString.copyFrom(bytes));
        } catch (InvalidPolicyException e) {
            assertThat(e.getMessage()).isNotEmpty();
            return;
        }
        PolicySubject subject = new PolicySubject("server", "httpbin", List.of(policy.key()));
        for (var request : List.of(Policies.sleepTo(80), Policies.plaintextTo(80))) {
            Decision decision = Policies.engine(Policies.store(policy), subject).authorize(request);
            assertThat(decision).isEqualTo(NaivePolicies.decide(request, subject, List.of(policy)));
        }
    }
}
