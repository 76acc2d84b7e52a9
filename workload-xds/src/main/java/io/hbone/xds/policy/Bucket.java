package io.hbone.xds.policy;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The rules under one key, ascending. Filled once, then only read. */
final class Bucket {
    private int[] rules = new int[1];
    private int size;

    /** Adds {@code rule}, which comes after all that were added before, or is the last of them. */
    void add(int rule) {
        if (size > 0 && rules[size - 1] == rule) {
            return;
        }
        if (size == rules.length) {
            rules = Arrays.copyOf(rules, 2 * size);
        }
        rules[size++] = rule;
    }

    /** The first rule of {@code bucket} that matches and comes before {@code found}; else {@code found}. */
    static int first(@Nullable Bucket bucket, CompiledRule[] of, Attempt attempt, int found) {
        if (bucket == null) {
            return found;
        }
        for (int i = 0; i < bucket.size; i++) {
            int rule = bucket.rules[i];
            if (rule >= found) {
                break;
            }
            if (of[rule].matches(attempt)) {
                return rule;
            }
        }
        return found;
    }
}
