package io.hbone.enrollment.file;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.hbone.core.TrustDomain;
import io.hbone.xds.file.LocalFileException;
import java.nio.charset.StandardCharsets;

class AgentFileFuzzTest {
    private static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");

    @FuzzTest
    void parse_anyText_isUnderstoodOrRefused(byte[] bytes) {
        try {
            AgentFile.parse(new String(bytes, StandardCharsets.UTF_8), "m1", TRUST_DOMAIN);
        } catch (LocalFileException e) {
            // with a reason
            return;
        }
    }
}
