package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestWatcher;

/** One {@link Mesh} for all test classes that leave its nodes running. It must have survived every class unharmed. */
final class SharedMesh implements ParameterResolver, AfterAllCallback, TestWatcher {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(SharedMesh.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Mesh.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return mesh(context);
    }

    private static Mesh mesh(ExtensionContext context) {
        return attempt(context).get();
    }

    private static Attempt attempt(ExtensionContext context) {
        return context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent(Attempt.class, key -> new Attempt(), Attempt.class);
    }

    /** Made once: what fails for one test would fail for all. JUnit closes it at the very end, whatever happened. */
    private static final class Attempt implements AutoCloseable {
        private Mesh mesh;
        private Throwable failure;

        Attempt() {
            try {
                mesh = Mesh.open("shared", Map.of());
            } catch (RuntimeException | Error e) {
                failure = e;
            }
        }

        Mesh get() {
            if (failure != null) {
                throw new AssertionError("no mesh to test in: " + failure.getMessage(), failure);
            }
            return mesh;
        }

        @Override
        public void close() {
            if (mesh != null) {
                mesh.close();
            }
        }
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        System.out.println(context.getDisplayName() + " failed; what the nodes logged is in target/traffic/shared");
    }

    @Override
    public void afterAll(ExtensionContext context) {
        Mesh mesh = attempt(context).mesh;
        if (mesh == null) {
            return;
        }
        for (NodeProcess node : new NodeProcess[] {mesh.clientNode(), mesh.serverNode()}) {
            assertThat(node.program().isAlive()).isTrue();
            assertThat(node.complaints()).isEmpty();
        }
    }
}
