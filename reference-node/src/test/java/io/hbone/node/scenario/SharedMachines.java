package io.hbone.node.scenario;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestWatcher;

/** One pair of {@link Machines} for all test classes. */
final class SharedMachines implements ParameterResolver, TestWatcher {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(SharedMachines.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Machines.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(Attempt.class, key -> new Attempt(), Attempt.class)
                .get();
    }

    /** Made once: what fails for one test would fail for all. JUnit closes it at the very end, whatever happened. */
    private static final class Attempt implements AutoCloseable {
        private Machines machines;
        private Throwable failure;

        Attempt() {
            try {
                machines = new Machines();
            } catch (Exception | Error e) {
                failure = e;
            }
        }

        Machines get() {
            if (failure != null) {
                throw new AssertionError("no machines to test on: " + failure.getMessage(), failure);
            }
            return machines;
        }

        @Override
        public void close() {
            if (machines != null) {
                machines.close();
            }
        }
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        System.out.println(context.getDisplayName() + " failed; what programs said is in target/traffic/scenario");
    }
}
