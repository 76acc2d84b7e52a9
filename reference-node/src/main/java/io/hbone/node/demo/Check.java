package io.hbone.node.demo;

/**
 * Something that was asserted.
 *
 * @param witness who says so
 * @param what was asserted
 * @param found what the witness said
 * @param held whether that is as asserted
 */
record Check(String witness, String what, String found, boolean held) {}
