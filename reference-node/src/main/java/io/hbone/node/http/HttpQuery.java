package io.hbone.node.http;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request. Bodies are read and dropped: no page has a use for them.
 *
 * @param method in upper case
 * @param path decoded, without the parameters
 * @param parameters decoded, in the order of the request
 */
public record HttpQuery(String method, String path, Map<String, List<String>> parameters, HttpHeaders headers) {

    public boolean isGet() {
        return method.equals("GET");
    }

    public boolean isPost() {
        return method.equals("POST");
    }

    /** The first value of a parameter, null when the request does not have it. */
    public @Nullable String parameter(String name) {
        List<String> values = parameters.get(name);
        return values == null || values.isEmpty() ? null : values.get(0);
    }

    /** The value of a header, empty when the request does not have it. */
    public String header(String name) {
        String value = headers.get(name);
        return value == null ? "" : value;
    }
}
