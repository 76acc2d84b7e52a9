package io.hbone.node;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * SIGTERM and SIGINT: the first asks for an orderly end, the second ends the process at once.
 *
 * <p>By the JDK's unsupported {@code sun.misc.Signal}, for want of another: with a shutdown hook the exit code of an orderly end
 * would be 143, and a second signal would wait for the first. By reflection, because javac's warning about that class cannot be
 * suppressed where it is used.
 */
final class Signals {
    private static final int EXIT_AT_ONCE = 0;

    private final CompletableFuture<String> asked = new CompletableFuture<>();

    /** From now on signals come here; before they end the process. */
    void install() {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler received = (proxy, method, arguments) -> {
                switch (method.getName()) {
                    case "handle" ->
                        received("signal SIG" + signal.getMethod("getName").invoke(arguments[0]));
                    case "hashCode" -> {
                        return System.identityHashCode(proxy);
                    }
                    case "equals" -> {
                        return System.identityHashCode(proxy) == System.identityHashCode(arguments[0]);
                    }
                    default -> {}
                }
                return null;
            };
            Object proxy = Proxy.newProxyInstance(Signals.class.getClassLoader(), new Class<?>[] {handler}, received);
            for (String name : new String[] {"TERM", "INT"}) {
                Object one = signal.getConstructor(String.class).newInstance(name);
                signal.getMethod("handle", signal, handler).invoke(null, one, proxy);
            }
        } catch (ReflectiveOperationException e) {
            throw new AssertionError("a JDK without sun.misc.Signal (expected: module jdk.unsupported)", e);
        }
    }

    private void received(String signal) {
        if (!asked.complete(signal)) {
            Runtime.getRuntime().halt(EXIT_AT_ONCE);
        }
    }

    /** Asks for an orderly end in another way. */
    void stop() {
        asked.complete("a request to /quitquitquit");
    }

    /** Done when somebody has asked for the end. */
    CompletionStage<String> asked() {
        return asked;
    }

    /** Waits; the answer says what for. */
    String await() {
        return asked.join();
    }
}
