package io.hbone.xds.model;

/** Where something runs; what is not known is empty. */
public record Locality(String region, String zone, String subzone) {
    /** Nothing is known. */
    public static final Locality UNKNOWN = new Locality("", "", "");
}
