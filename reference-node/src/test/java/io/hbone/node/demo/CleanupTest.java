package io.hbone.node.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class CleanupTest {
    private final Cleanup cleanup = new Cleanup();
    private final List<String> undone = new ArrayList<>();

    @Test
    void steps_areUndoneOnceTheLastFirst_alsoBehindAFailure() {
        cleanup.add(() -> undone.add("first"));
        cleanup.add(() -> {
            throw new IOException("a step that fails");
        });
        cleanup.add(() -> undone.add("last"));

        cleanup.run();
        cleanup.run();

        assertThat(undone).containsExactly("last", "first");
    }

    @Test
    void stepThatComesTooLate_isUndoneAtOnceAndStopsWhoeverAddsIt() {
        cleanup.run();

        assertThatThrownBy(() -> cleanup.add(() -> undone.add("late"))).isInstanceOf(CancellationException.class);
        assertThat(undone).containsExactly("late");
    }
}
