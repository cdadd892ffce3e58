package iommulab.engine.io.machine;

import com.google.gson.JsonObject;

import iommulab.engine.io.FileRefused;
import iommulab.engine.iommu.Access;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import java.util.Locale;

/// Expectations in JSON: `{"together": "0000:03:00.0", "with": "0000:03:00.1"}`,
/// `{"dma": "0000:03:00.0", "iova": "0x1000", …, "ends": "hit", "at": "0x8000"}`.
final class ExpectationJson {
    private ExpectationJson() {}

    static JsonObject write(Expectation expectation) {
        var json = new JsonObject();
        switch (expectation) {
            case Expectation.Together(var first, var second) -> {
                json.addProperty("together", first.toString());
                json.addProperty("with", second.toString());
            }
            case Expectation.Apart(var first, var second) -> {
                json.addProperty("apart", first.toString());
                json.addProperty("from", second.toString());
            }
            case Expectation.Dma dma -> {
                json.addProperty("dma", dma.device().toString());
                json.addProperty("iova", Hex.text(dma.iova()));
                json.addProperty("bytes", dma.bytes());
                json.addProperty("access", lowerCase(dma.access()));
                json.addProperty("ends", lowerCase(dma.outcome()));
                json.addProperty("at", Hex.text(dma.target()));
            }
        }
        return json;
    }

    static Expectation read(JsonNode node) throws FileRefused {
        var together = node.optional("together");
        if (together.isPresent()) {
            return new Expectation.Together(
                    together.get().address(), node.member("with").address());
        }
        var apart = node.optional("apart");
        if (apart.isPresent()) {
            return new Expectation.Apart(apart.get().address(), node.member("from").address());
        }
        var dma = node.optional("dma");
        if (dma.isEmpty()) {
            throw node.refused("none of 'together', 'apart' and 'dma' is in it");
        }
        return new Expectation.Dma(
                dma.get().address(),
                node.member("iova").bits64(),
                node.member("bytes").number(1, 4096),
                node.member("access")
                        .read("read or write", text -> Access.valueOf(upperCase(text))),
                node.member("ends")
                        .read(
                                "the way in which a DMA ends, such as hit, walk or fault",
                                text -> DmaOutcome.valueOf(upperCase(text))),
                node.member("at").bits64());
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static String upperCase(String text) {
        return text.toUpperCase(Locale.ROOT);
    }
}
