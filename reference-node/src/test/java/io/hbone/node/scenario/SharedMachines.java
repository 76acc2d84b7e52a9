package io.hbone.node.scenario;

import io.hbone.enrollment.testing.Shared;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** One pair of {@link Machines} for all test classes; says how they stand when a test fails. */
final class SharedMachines
        implements ParameterResolver, TestExecutionExceptionHandler, LifecycleMethodExecutionExceptionHandler {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Machines.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return machines(context).get();
    }

    private static Shared<Machines> machines(ExtensionContext context) {
        return Shared.of(context, Machines.class, Machines::new);
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
        Machines machines = machines(context).orNull();
        System.out.println(context.getDisplayName() + " of "
                + context.getRequiredTestClass().getSimpleName() + " failed: " + failure.getMessage()
                + "; all that programs said is in target/traffic/scenario");
        if (machines != null) {
            System.out.println(machines.report());
        }
        throw failure;
    }
}
