package io.hbone.node.traffic;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/** Runs in {@link Pods}: needs root and Debian's programs. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("root")
@DisabledIfSystemProperty(
        named = "hbone.transport",
        matches = "nio",
        disabledReason = "NIO knows neither redirects nor marks nor clients' addresses")
public @interface InPods {}
