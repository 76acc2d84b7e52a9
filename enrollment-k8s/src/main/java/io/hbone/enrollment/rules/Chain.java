package io.hbone.enrollment.rules;

import java.util.List;

/** A chain of ours: its table, the hook that jumps to it, its rules in their order. */
record Chain(Table table, Hook hook, List<Rule> rules) {
    Chain {
        rules = List.copyOf(rules);
    }
}
