package io.hbone.enrollment.directory;

import com.google.protobuf.ByteString;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of an AuthorizationPolicy.
 *
 * @param body the encoded {@code istio.security.Authorization}; null when nodes are not told of it
 * @param selector labels of the workloads that it is for, empty for all; null when it is for its namespace, or for the mesh
 * @param problem what of it cannot be enforced, and what is done instead; empty when all can
 */
record PolicyFacts(@Nullable ByteString body, @Nullable Map<String, String> selector, String problem) {}
