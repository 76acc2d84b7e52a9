package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.enrollment.testing.Shared;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestWatcher;

/** One {@link Mesh} for all test classes that leave its nodes running. It must have survived every class unharmed. */
final class SharedMesh implements ParameterResolver, AfterAllCallback, TestWatcher {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Mesh.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return mesh(context).get();
    }

    private static Shared<Mesh> mesh(ExtensionContext context) {
        return Shared.of(context, Mesh.class, () -> Mesh.open("shared", Map.of()));
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        System.out.println(context.getDisplayName() + " failed; what the nodes logged is in target/traffic/shared");
    }

    @Override
    public void afterAll(ExtensionContext context) {
        Mesh mesh = mesh(context).orNull();
        if (mesh == null) {
            return;
        }
        for (NodeProcess node : new NodeProcess[] {mesh.clientNode(), mesh.serverNode()}) {
            assertThat(node.program().isAlive()).isTrue();
            assertThat(node.complaints()).isEmpty();
        }
    }
}
