package io.hbone.node.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {

    @Test
    void quote_whatTerminalsActOn_isEscaped() {
        assertThat(Json.quote("a\"b\\c\n\r\t\u0001\u007f\u009b\u2028é"))
                .isEqualTo("\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f\\u009b\\u2028é\"");
    }

    @Test
    void pretty_nestedValues_areIndented() {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("text", "x");
        value.put("number", 1);
        value.put("nothing", null);
        value.put("flag", true);
        value.put("list", List.of(1, "b"));
        value.put("empty", List.of());
        value.put("none", Map.of());
        value.put("ports", Map.of(80, 8080));

        assertThat(Json.pretty(value)).isEqualTo("""
                        {
                          "text": "x",
                          "number": 1,
                          "nothing": null,
                          "flag": true,
                          "list": [
                            1,
                            "b"
                          ],
                          "empty": [],
                          "none": {},
                          "ports": {
                            "80": 8080
                          }
                        }
                        """);
    }

    /** A path is an iterable of paths, the last of which is itself. */
    @Test
    void pretty_path_isItsText() {
        assertThat(Json.pretty(Path.of("/a/b"))).isEqualTo("\"/a/b\"\n");
    }

    @Test
    void compact_value_staysInOneLine() {
        StringBuilder out = new StringBuilder();
        List<Object> value = new ArrayList<>(List.of(Map.of("a", List.of(1, 2)), "x\ny"));

        Json.compact(out, value);

        assertThat(out).hasToString("[{\"a\":[1,2]},\"x\\ny\"]");
    }
}
