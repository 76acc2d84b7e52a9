package io.hbone.identity.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ActorTest {
    @Test
    void tasks_onAnExecutorOfManyThreads_runOneAfterAnotherInOrder() throws InterruptedException {
        ScheduledExecutorService executor = Executors.newScheduledThreadPool(8);
        try {
            Actor actor = new Actor(executor);
            // Not a concurrent list: two tasks at a time would lose elements.
            List<Integer> seen = new ArrayList<>();
            CountDownLatch done = new CountDownLatch(1);
            for (int i = 0; i < 10_000; i++) {
                int number = i;
                actor.execute(() -> seen.add(number));
            }
            actor.execute(done::countDown);
            assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(seen).isEqualTo(IntStream.range(0, 10_000).boxed().toList());
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void taskThatThrows_stopsNobody() throws InterruptedException {
        ScheduledExecutorService executor = Executors.newScheduledThreadPool(1);
        try {
            Actor actor = new Actor(executor);
            CountDownLatch done = new CountDownLatch(1);
            actor.execute(() -> {
                throw new IllegalStateException("defect");
            });
            actor.execute(done::countDown);
            assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void execute_onAnExecutorThatIsShutDown_saysSo() {
        ScheduledExecutorService executor = Executors.newScheduledThreadPool(1);
        executor.shutdownNow();
        assertThat(new Actor(executor).execute(() -> {})).isFalse();
    }
}
