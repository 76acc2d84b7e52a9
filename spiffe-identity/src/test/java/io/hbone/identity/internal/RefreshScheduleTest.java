package io.hbone.identity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadCertificate;
import io.hbone.identity.testing.TestAuthority;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RefreshScheduleTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final TestAuthority CA = new TestAuthority("example.org", START);
    private static final RandomGenerator LEAST = () -> 0;
    private static final RandomGenerator MOST = () -> -1L;

    @ParameterizedTest
    @CsvSource({
        // seconds of life, seconds of it that are over, earliest and latest refresh in seconds from now
        "3600,    0, 1620, 1980",
        "3600, 1000,  620,  980",
        "3600, 1700,    1,  280",
        "3600, 3000,    1,    1",
        "  10,    0,    4,    5",
        "   2,    0,    1,    1",
        "3600, 3600,    0,    0",
    })
    void untilRefresh_isAboutHalfOfTheLifetime(long life, long over, long earliest, long latest) {
        WorkloadCertificate certificate =
                CA.issue(SpiffeId.parseStrict("spiffe://example.org/ns/a/sa/b"), START, START.plusSeconds(life));
        Instant now = START.plusSeconds(over);
        assertThat(new RefreshSchedule(LEAST).untilRefresh(certificate, now).toSeconds())
                .isEqualTo(earliest);
        assertThat(new RefreshSchedule(MOST).untilRefresh(certificate, now).toSeconds())
                .isBetween(latest - 1, latest);
    }

    @Test
    void untilRetry_isJitteredByAFifthAndBounded() {
        RefreshSchedule schedule = new RefreshSchedule(new Random(1));
        for (int failures = 1; failures < 100; failures++) {
            double nominal = Math.min(1_000.0 * Math.pow(2, failures - 1), 150_000);
            for (int i = 0; i < 50; i++) {
                Duration delay = schedule.untilRetry(failures, null, START);
                assertThat(delay.toMillis()).isBetween((long) (nominal * 0.79), 150_000L);
                assertThat((double) delay.toMillis()).isLessThanOrEqualTo(nominal * 1.2);
            }
        }
    }
}
