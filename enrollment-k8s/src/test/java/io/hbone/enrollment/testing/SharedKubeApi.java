package io.hbone.enrollment.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * One {@link KubeApi} for all test classes, which are left out where its programs are not there. Who takes it leaves no namespace
 * behind, and none of the cluster's own objects changed.
 */
public final class SharedKubeApi implements BeforeAllCallback, ParameterResolver {
    @Override
    public void beforeAll(ExtensionContext context) {
        assumeTrue(KubeApi.missing().isEmpty(), KubeApi::missing);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == KubeApi.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return Shared.of(context, KubeApi.class, KubeApi::start).get();
    }
}
