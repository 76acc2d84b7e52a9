package io.hbone.node.scenario;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** One pair of {@link Machines} for all test classes; says how they stand when a test fails. */
final class SharedMachines
        implements ParameterResolver, TestExecutionExceptionHandler, LifecycleMethodExecutionExceptionHandler {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(SharedMachines.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Machines.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return attempt(context).get();
    }

    private static Attempt attempt(ExtensionContext context) {
        return context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(Attempt.class, key -> new Attempt(), Attempt.class);
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

    /** At once, before anything is mended. */
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        explain(context, failure);
    }

    @Override
    public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        explain(context, failure);
    }

    @Override
    public void handleAfterAllMethodExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        explain(context, failure);
    }

    private static void explain(ExtensionContext context, Throwable failure) throws Throwable {
        Machines machines = attempt(context).machines;
        System.out.println(context.getDisplayName() + " of "
                + context.getRequiredTestClass().getSimpleName() + " failed: " + failure.getMessage()
                + "; all that programs said is in target/traffic/scenario");
        if (machines != null) {
            System.out.println(machines.report());
        }
        throw failure;
    }
}
