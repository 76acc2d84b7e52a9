package io.hbone.enrollment.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.enrollment.Retries;
import io.hbone.enrollment.testing.ManualSchedule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class WorkQueueTest {
    private static final Retries RETRIES = new Retries(Duration.ofSeconds(1), Duration.ofSeconds(8));

    private final ManualSchedule time = new ManualSchedule();
    private final List<List<String>> handled = new ArrayList<>();
    private final List<RuntimeException> troubles = new ArrayList<>();
    private Function<List<String>, Set<String>> behaviour = keys -> Set.of();
    private final WorkQueue<String> queue = WorkQueue.<String>builder("test", time, keys -> {
                handled.add(keys);
                return behaviour.apply(keys);
            })
            .retries(RETRIES)
            .random(new Random(7))
            .batch(3)
            .troubled(troubles::add)
            .build();

    @Test
    void keyAddedTwice_isHandledOnce() {
        queue.add("a");
        queue.add("b");
        queue.add("a");

        time.pass(Duration.ZERO);

        assertThat(handled).containsExactly(List.of("a", "b"));
        assertThat(time.next()).isNull();
    }

    @Test
    void moreKeysThanABatch_areHandledInSeveralAndInOrder() {
        for (String key : List.of("e", "d", "c", "b", "a")) {
            queue.add(key);
        }

        time.pass(Duration.ZERO);

        assertThat(handled).containsExactly(List.of("e", "d", "c"), List.of("b", "a"));
    }

    @Test
    void failedKeyThatIsAddedManyTimes_isTriedAgainOnceAtATime() {
        behaviour = keys -> Set.of("a");
        for (int i = 0; i < 5; i++) {
            queue.add("a");
            time.pass(Duration.ZERO);
        }
        handled.clear();
        time.pass(Duration.ofSeconds(60));
        assertThat(handled).hasSizeLessThan(17);
    }

    @Test
    void keyAddedForLater_isHandledThen_andEarlierWhenItComesEarlier() {
        queue.addAfter("a", Duration.ofSeconds(5));
        time.pass(Duration.ofSeconds(4));
        assertThat(handled).isEmpty();
        queue.add("a");
        time.pass(Duration.ZERO);
        assertThat(handled).containsExactly(List.of("a"));
        time.pass(Duration.ofSeconds(1));
        assertThat(handled).containsExactly(List.of("a"), List.of("a"));
    }

    @Test
    void keyAddedWhileItIsHandled_isHandledOnceMoreAfterwards() {
        behaviour = keys -> {
            if (handled.size() == 1) {
                queue.add("a");
                queue.add("a");
            }
            return Set.of();
        };
        queue.add("a");

        time.pass(Duration.ZERO);

        assertThat(handled).containsExactly(List.of("a"), List.of("a"));
    }

    @Test
    void failedKey_isTriedAgainLaterEachTimeAndAtMostAfterTheLongestWait() {
        behaviour = keys -> Set.of("a");
        queue.add("a");
        List<Duration> waits = new ArrayList<>();

        for (int i = 0; i < 7; i++) {
            time.pass(i == 0 ? Duration.ZERO : waits.get(i - 1));
            waits.add(time.next());
        }

        for (int i = 0; i < 7; i++) {
            Duration due = Duration.ofSeconds(Math.min(1L << i, 8));
            assertThat(waits.get(i)).isBetween(due.dividedBy(2), due);
        }
        assertThat(new HashSet<>(waits)).as("jitter").hasSize(7);
    }

    @Test
    void failedKey_doesNotHoldUpOthersAndMayBeAddedBeforeItsTime() {
        behaviour = keys -> keys.contains("a") && handled.size() < 2 ? Set.of("a") : Set.of();
        queue.add("a");
        time.pass(Duration.ZERO);

        queue.add("b");
        queue.add("a");
        time.pass(Duration.ZERO);

        assertThat(handled).containsExactly(List.of("a"), List.of("b", "a"));
    }

    @Test
    void successAfterFailures_startsTheWaitsAnew() {
        behaviour = keys -> Set.of("a");
        queue.add("a");
        for (int i = 0; i < 5; i++) {
            time.pass(i == 0 ? Duration.ZERO : time.next());
        }
        behaviour = keys -> Set.of();
        time.pass(time.next());
        behaviour = keys -> Set.of("a");

        queue.add("a");
        time.pass(Duration.ZERO);

        assertThat(time.next()).isLessThanOrEqualTo(RETRIES.first());
    }

    @Test
    void handlerThatCanDoNothing_keepsAllKeysAndHasThemTogetherWhenItCanAgain() {
        behaviour = keys -> {
            throw new IllegalStateException("away");
        };
        queue.add("a");
        time.pass(Duration.ZERO);
        queue.add("b");
        assertThat(handled).as("nothing is handled during the pause").hasSize(1);
        behaviour = keys -> Set.of();

        time.pass(RETRIES.first());

        assertThat(handled).containsExactly(List.of("a"), List.of("a", "b"));
        assertThat(troubles).singleElement().satisfies(e -> assertThat(e).hasMessage("away"));
        assertThat(time.next()).isNull();
    }

    @Test
    void handlerThatCanDoNothing_isAskedRarely() {
        behaviour = keys -> {
            throw new IllegalStateException("away");
        };
        for (int i = 0; i < 1000; i++) {
            queue.add("key" + i);
        }

        time.pass(Duration.ofMinutes(10));

        assertThat(handled).hasSizeBetween(75, 160);
        assertThat(queue.size()).isEqualTo(1000);
    }

    @Test
    void closedQueue_handlesNothingMore() {
        queue.add("a");
        queue.close();
        queue.add("b");

        time.pass(Duration.ofHours(1));

        assertThat(handled).isEmpty();
    }

    /** Whatever happens in between: what fails only a few times is handled in the end, and nothing twice at once. */
    @Test
    void anyOrderOfFailures_endsWithEveryKeyDone() {
        Random random = new Random(42);
        for (int round = 0; round < 200; round++) {
            Set<String> undone = new TreeSet<>();
            ManualSchedule own = new ManualSchedule();
            WorkQueue<String> tested = WorkQueue.<String>builder("test", own, keys -> {
                        assertThat(keys).doesNotHaveDuplicates();
                        if (random.nextInt(4) == 0) {
                            throw new IllegalStateException("away");
                        }
                        Set<String> failed = new HashSet<>();
                        for (String key : keys) {
                            if (random.nextInt(3) == 0) {
                                failed.add(key);
                            } else {
                                undone.remove(key);
                            }
                        }
                        return failed;
                    })
                    .retries(RETRIES)
                    .random(random)
                    .batch(1 + random.nextInt(5))
                    .build();
            for (int i = 0; i < 30; i++) {
                String key = "key" + random.nextInt(12);
                undone.add(key);
                tested.add(key);
                own.pass(Duration.ofMillis(random.nextInt(1500)));
            }

            own.pass(Duration.ofHours(1));

            assertThat(undone).isEmpty();
            assertThat(own.next()).isNull();
        }
    }

    @Test
    void impossibleSettings_areRefused() {
        assertThatThrownBy(() -> new Retries(Duration.ZERO, Duration.ofSeconds(1)))
                .hasMessageContaining("expected: more than zero");
        assertThatThrownBy(() -> new Retries(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> WorkQueue.<String>builder("test", time, keys -> Set.of())
                        .batch(0))
                .hasMessageContaining("expected: 1 or more");
    }
}
