package iommulab.engine.io.machine;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import iommulab.engine.io.FileRefused;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.os.call.Value;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.Call;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/// Expectations in JSON: `{"together": "0000:03:00.0", "with": "0000:03:00.1"}`,
/// `{"dma": "0000:03:00.0", "iova": "0x1000", …, "ends": "hit", "at": "0x8000"}`, the same after
/// `"on": "smmuv3"`,
/// `{"caused": ["NO_READ_RIGHT", …]}`,
/// `{"call": "iommufd.destroy(iommufd=iommufd1, id=3)", "errno": "EBUSY", "returns": "{…}"}`.
final class ExpectationJson {
    private static final int MOST_REASONS = 1_000;
    private static final int LONGEST_REASON = 100;
    private static final int LONGEST_CALL = 4096;

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
            case Expectation.Dma dma -> write(json, dma);
            case Expectation.On(var architecture, var dma) -> {
                json.addProperty("on", lowerCase(architecture));
                write(json, dma);
            }
            case Expectation.Answered(var call, var errno, var returns) -> {
                json.addProperty("call", call.toString());
                if (!errno.isEmpty()) {
                    json.addProperty("errno", errno);
                }
                if (!returns.isEmpty()) {
                    json.addProperty("returns", Value.of(returns).toString());
                }
            }
            case Expectation.Caused(var reasons) -> {
                var names = new JsonArray();
                reasons.forEach(names::add);
                json.add("caused", names);
            }
        }
        return json;
    }

    private static void write(JsonObject json, Expectation.Dma dma) {
        json.addProperty("dma", dma.device().toString());
        json.addProperty("iova", Hex.text(dma.iova()));
        json.addProperty("bytes", dma.bytes());
        json.addProperty("access", lowerCase(dma.access()));
        writePrefix(json, dma.prefix());
        json.addProperty("ends", lowerCase(dma.outcome()));
        json.addProperty("at", Hex.text(dma.target()));
        dma.reason().ifPresent(reason -> json.addProperty("reason", reason));
        dma.reads().ifPresent(reads -> json.addProperty("reads", reads));
    }

    private static void writePrefix(JsonObject json, PasidPrefix prefix) {
        if (prefix.isPresent()) {
            json.addProperty("pasid", Hex.text(prefix.pasid()));
            if (prefix.execute()) {
                json.addProperty("execute", true);
            }
            if (prefix.privileged()) {
                json.addProperty("privileged", true);
            }
        }
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
        var caused = node.optional("caused");
        if (caused.isPresent()) {
            var reasons = new ArrayList<String>();
            for (var reason : caused.get().items(MOST_REASONS)) {
                reasons.add(reason.text(LONGEST_REASON));
            }
            return new Expectation.Caused(reasons);
        }
        var call = node.optional("call");
        if (call.isPresent()) {
            return readAnswered(node, call.get());
        }
        var dma = node.optional("dma");
        if (dma.isEmpty()) {
            throw node.refused("none of 'together', 'apart', 'dma', 'call' and 'caused' is in it");
        }
        var on = node.optional("on");
        var request = readDma(node, dma.get());
        return on.isEmpty()
                ? request
                : new Expectation.On(
                        on.get()
                                .read(
                                        "an architecture, such as amd_vi or smmuv3",
                                        text -> Architecture.valueOf(upperCase(text))),
                        request);
    }

    private static Expectation readAnswered(JsonNode node, JsonNode call) throws FileRefused {
        var errno = node.optional("errno");
        var returns = node.optional("returns");
        try {
            var fields =
                    returns.isPresent()
                                    && Value.parse(returns.get().text(LONGEST_CALL))
                                            instanceof Value.Fields(var values)
                            ? values
                            : new LinkedHashMap<String, Value>();
            return new Expectation.Answered(
                    Call.parse(call.text(LONGEST_CALL)),
                    errno.isPresent() ? errno.get().text(LONGEST_REASON) : "",
                    fields);
        } catch (CommandRefused noCall) {
            throw call.refused(noCall.reason());
        } catch (IllegalArgumentException noValue) {
            throw node.refused("'returns': " + noValue.getMessage());
        }
    }

    private static Expectation.Dma readDma(JsonNode node, JsonNode device) throws FileRefused {
        var reason = node.optional("reason");
        var reads = node.optional("reads");
        return new Expectation.Dma(
                device.address(),
                node.member("iova").bits64(),
                node.member("bytes").number(1, 4096),
                node.member("access")
                        .read("read or write", text -> Access.valueOf(upperCase(text))),
                readPrefix(node),
                node.member("ends")
                        .read(
                                "the way in which a DMA ends, such as hit, walk or fault",
                                text -> DmaOutcome.valueOf(upperCase(text))),
                node.member("at").bits64(),
                reason.isPresent()
                        ? Optional.of(reason.get().text(LONGEST_REASON))
                        : Optional.empty(),
                reads.isPresent()
                        ? OptionalInt.of(reads.get().number(0, 1 << 20))
                        : OptionalInt.empty());
    }

    private static PasidPrefix readPrefix(JsonNode node) throws FileRefused {
        var pasid = node.optional("pasid");
        if (pasid.isEmpty()) {
            return PasidPrefix.NONE;
        }
        return new PasidPrefix(
                pasid.get().bits(20), isSet(node, "execute"), isSet(node, "privileged"));
    }

    private static boolean isSet(JsonNode node, String name) throws FileRefused {
        var flag = node.optional(name);
        return flag.isPresent() && flag.get().flag();
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static String upperCase(String text) {
        return text.toUpperCase(Locale.ROOT);
    }
}
