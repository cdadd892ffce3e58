package iommulab.app.traffic;

import iommulab.app.shell.HexText;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.traffic.Pattern;

import java.util.List;

/// The patterns that a form can make, each with the numbers that it asks for.
enum PatternKind {
    SEQUENTIAL("sequential", List.of(Ask.address("from IOVA"), Ask.length("bytes"))),
    UNIFORM("uniform random", List.of(Ask.address("from IOVA"), Ask.length("bytes"))),
    ZIPF(
            "Zipf: few pages often",
            List.of(Ask.address("from IOVA"), Ask.length("bytes"), Ask.decimal("exponent", "1.0"))),
    STRIDE(
            "stride",
            List.of(Ask.address("from IOVA"), Ask.length("bytes"), Ask.length("every (bytes)"))),
    NIC_RING(
            "network card ring",
            List.of(
                    Ask.address("ring IOVA"),
                    Ask.count("descriptors", "256"),
                    Ask.address("buffers IOVA"),
                    Ask.length("buffer bytes"))),
    NVME_PRP(
            "NVMe queue with PRP lists",
            List.of(
                    Ask.address("queue IOVA"),
                    Ask.count("entries", "64"),
                    Ask.address("PRP lists IOVA"),
                    Ask.address("data IOVA"),
                    Ask.count("pages each", "16"))),
    PEER_TO_PEER(
            "peer-to-peer writes", List.of(Ask.function("to function"), Ask.count("BAR", "0"))),
    MSI("interrupts (MSI)", List.of(Ask.count("vectors", "4")));

    /// How a number is written.
    enum Notation {
        HEX,
        DECIMAL,
        COUNT,
        FUNCTION
    }

    /// One number that a pattern needs.
    ///
    /// @param start what the field holds at first
    record Ask(String name, Notation notation, String start) {
        static Ask address(String name) {
            return new Ask(name, Notation.HEX, "");
        }

        static Ask length(String name) {
            return new Ask(name, Notation.HEX, "0x1000");
        }

        static Ask count(String name, String start) {
            return new Ask(name, Notation.COUNT, start);
        }

        static Ask decimal(String name, String start) {
            return new Ask(name, Notation.DECIMAL, start);
        }

        static Ask function(String name) {
            return new Ask(name, Notation.FUNCTION, "");
        }
    }

    private final String words;
    private final List<Ask> asks;

    PatternKind(String words, List<Ask> asks) {
        this.words = words;
        this.asks = asks;
    }

    String words() {
        return words;
    }

    List<Ask> asks() {
        return asks;
    }

    /// @param texts one for every [#asks]
    /// @throws IllegalArgumentException naming the field that cannot be read
    Pattern read(List<String> texts) {
        return switch (this) {
            case SEQUENTIAL -> new Pattern.Sequential(hex(texts, 0), hex(texts, 1));
            case UNIFORM -> new Pattern.Uniform(hex(texts, 0), hex(texts, 1));
            case ZIPF -> new Pattern.Zipf(hex(texts, 0), hex(texts, 1), decimal(texts, 2));
            case STRIDE -> new Pattern.Stride(hex(texts, 0), hex(texts, 1), hex(texts, 2));
            case NIC_RING ->
                    new Pattern.NicRing(
                            hex(texts, 0),
                            count(texts, 1),
                            hex(texts, 2),
                            Math.toIntExact(hex(texts, 3)));
            case NVME_PRP ->
                    new Pattern.NvmePrp(
                            hex(texts, 0),
                            count(texts, 1),
                            hex(texts, 2),
                            hex(texts, 3),
                            count(texts, 4));
            case PEER_TO_PEER ->
                    new Pattern.PeerToPeer(PciAddress.parse(texts.get(0).strip()), count(texts, 1));
            case MSI -> new Pattern.Msi(count(texts, 0));
        };
    }

    private long hex(List<String> texts, int index) {
        return HexText.parse(texts.get(index))
                .orElseThrow(() ->
                        new IllegalArgumentException(
                                "%s: write hex as 0x1000, or a length as 4K, 2M, 1G"
                                        .formatted(asks.get(index).name())));
    }

    private int count(List<String> texts, int index) {
        try {
            return Integer.parseInt(texts.get(index).strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "%s: write a decimal number".formatted(asks.get(index).name()), e);
        }
    }

    private double decimal(List<String> texts, int index) {
        try {
            return Double.parseDouble(texts.get(index).strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "%s: write a number such as 1.0".formatted(asks.get(index).name()), e);
        }
    }

    static PatternKind of(Pattern pattern) {
        return switch (pattern) {
            case Pattern.Sequential _ -> SEQUENTIAL;
            case Pattern.Uniform _ -> UNIFORM;
            case Pattern.Zipf _ -> ZIPF;
            case Pattern.Stride _ -> STRIDE;
            case Pattern.NicRing _ -> NIC_RING;
            case Pattern.NvmePrp _ -> NVME_PRP;
            case Pattern.PeerToPeer _ -> PEER_TO_PEER;
            case Pattern.Msi _ -> MSI;
        };
    }

    /// What the fields hold for a pattern that exists.
    static List<String> texts(Pattern pattern) {
        return switch (pattern) {
            case Pattern.Sequential(long start, long bytes) -> List.of(hex(start), hex(bytes));
            case Pattern.Uniform(long start, long bytes) -> List.of(hex(start), hex(bytes));
            case Pattern.Zipf(long start, long bytes, double exponent) ->
                    List.of(hex(start), hex(bytes), String.valueOf(exponent));
            case Pattern.Stride(long start, long bytes, long stride) ->
                    List.of(hex(start), hex(bytes), hex(stride));
            case Pattern.NicRing(long ring, int descriptors, long buffers, int bytes) ->
                    List.of(hex(ring), "" + descriptors, hex(buffers), hex(bytes));
            case Pattern.NvmePrp(long queue, int entries, long lists, long data, int pages) ->
                    List.of(hex(queue), "" + entries, hex(lists), hex(data), "" + pages);
            case Pattern.PeerToPeer(var target, int bar) -> List.of(target.toString(), "" + bar);
            case Pattern.Msi(int vectors) -> List.of("" + vectors);
        };
    }

    /// A pattern on one line, for the table.
    static String describe(Pattern pattern) {
        return switch (pattern) {
            case Pattern.Sequential(long start, long bytes) -> "sequential " + range(start, bytes);
            case Pattern.Uniform(long start, long bytes) -> "uniform " + range(start, bytes);
            case Pattern.Zipf(long start, long bytes, double exponent) ->
                    "Zipf %s %s".formatted(exponent, range(start, bytes));
            case Pattern.Stride(long start, long bytes, long stride) ->
                    "stride %s %s".formatted(hex(stride), range(start, bytes));
            case Pattern.NicRing(long ring, int descriptors, long buffers, int bytes) ->
                    "ring of %d at %s, buffers of %d B at %s"
                            .formatted(descriptors, hex(ring), bytes, hex(buffers));
            case Pattern.NvmePrp(long queue, int entries, long lists, long data, int pages) ->
                    "NVMe queue of %d at %s, lists %s, data %s, %d pages each"
                            .formatted(entries, hex(queue), hex(lists), hex(data), pages);
            case Pattern.PeerToPeer(var target, int bar) ->
                    "to BAR %d of %s".formatted(bar, target);
            case Pattern.Msi(int vectors) -> "%d interrupt vectors".formatted(vectors);
        };
    }

    private static String range(long start, long bytes) {
        return "%s + %s".formatted(hex(start), hex(bytes));
    }

    private static String hex(long number) {
        return "0x" + Long.toHexString(number);
    }
}
