package iommulab.engine.io.machine;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import iommulab.engine.io.FileRefused;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// PCI functions in JSON. Configuration bytes are hex without the zeros at the end; `configBytes` is how
/// many are known.
final class FunctionJson {
    private static final int MOST_FUNCTIONS = 65_536;
    private static final int MOST_RESOURCES = 64;
    private static final int CONFIG_BYTES = 4096;

    private FunctionJson() {}

    static JsonArray write(PciTopology topology) {
        var all = new JsonArray();
        topology.functions().forEach(function -> all.add(write(function)));
        return all;
    }

    private static JsonObject write(PciFunction function) {
        var json = new JsonObject();
        json.addProperty("address", function.address().toString());
        function.parent().ifPresent(parent -> json.addProperty("parent", parent.toString()));
        json.addProperty("configBytes", function.config().size());
        json.addProperty("config", withoutLastZeros(function.config().toBytes()));
        json.add("ids", write(function.ids()));
        function.physicalFunction()
                .ifPresent(pf -> json.addProperty("physicalFunction", pf.toString()));
        var resources = new JsonArray();
        function.resources().forEach(resource -> resources.add(write(resource)));
        json.add("resources", resources);
        function.driver().ifPresent(driver -> json.addProperty("driver", driver));
        function.numaNode().ifPresent(node -> json.addProperty("numaNode", node));
        return json;
    }

    private static String withoutLastZeros(byte[] bytes) {
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] == 0) {
            end--;
        }
        return HexFormat.of().formatHex(bytes, 0, end);
    }

    private static JsonObject write(PciFunction.PciIds ids) {
        var json = new JsonObject();
        json.addProperty("vendor", Hex.text(ids.vendor()));
        json.addProperty("device", Hex.text(ids.device()));
        json.addProperty("subsystemVendor", Hex.text(ids.subsystemVendor()));
        json.addProperty("subsystemDevice", Hex.text(ids.subsystemDevice()));
        json.addProperty("class", Hex.text(ids.classCode()));
        json.addProperty("revision", Hex.text(ids.revision()));
        return json;
    }

    private static JsonObject write(PciFunction.Resource resource) {
        var json = new JsonObject();
        json.addProperty("index", resource.index());
        json.addProperty("start", Hex.text(resource.start()));
        json.addProperty("end", Hex.text(resource.end()));
        json.addProperty("flags", Hex.text(resource.flags()));
        return json;
    }

    static PciTopology read(JsonNode node) throws FileRefused {
        var functions = new ArrayList<PciFunction>();
        var seen = new HashSet<PciAddress>();
        for (var item : node.items(MOST_FUNCTIONS)) {
            var function = function(item);
            if (!seen.add(function.address())) {
                throw item.member("address")
                        .refused("%s is there twice".formatted(function.address()));
            }
            functions.add(function);
        }
        try {
            return new PciTopology(functions);
        } catch (IllegalArgumentException noTree) {
            throw node.refused(String.valueOf(noTree.getMessage()));
        }
    }

    private static PciFunction function(JsonNode node) throws FileRefused {
        var numaNode = node.optional("numaNode");
        return new PciFunction(
                node.member("address").address(),
                address(node.optional("parent")),
                config(node),
                ids(node.member("ids")),
                address(node.optional("physicalFunction")),
                resources(node.member("resources")),
                text(node.optional("driver")),
                numaNode.isEmpty()
                        ? OptionalInt.empty()
                        : OptionalInt.of(numaNode.get().number(-1, 65_535)));
    }

    private static ConfigSpace config(JsonNode node) throws FileRefused {
        int size = node.member("configBytes").number(1, CONFIG_BYTES);
        var bytes = node.member("config").bytes(size);
        return ConfigSpace.of(Arrays.copyOf(bytes, size));
    }

    private static PciFunction.PciIds ids(JsonNode node) throws FileRefused {
        return new PciFunction.PciIds(
                node.member("vendor").bits(16),
                node.member("device").bits(16),
                node.member("subsystemVendor").bits(16),
                node.member("subsystemDevice").bits(16),
                node.member("class").bits(24),
                node.member("revision").bits(8));
    }

    private static List<PciFunction.Resource> resources(JsonNode node) throws FileRefused {
        var all = new ArrayList<PciFunction.Resource>();
        for (var item : node.items(MOST_RESOURCES)) {
            long start = item.member("start").bits64();
            long end = item.member("end").bits64();
            if (Long.compareUnsigned(end, start) < 0) {
                throw item.refused("it ends at 0x%x, before it starts".formatted(end));
            }
            all.add(
                    new PciFunction.Resource(
                            item.member("index").number(0, 255),
                            start,
                            end,
                            item.member("flags").bits64()));
        }
        return all;
    }

    static Optional<PciAddress> address(Optional<JsonNode> node) throws FileRefused {
        return node.isEmpty() ? Optional.empty() : Optional.of(node.get().address());
    }

    private static Optional<String> text(Optional<JsonNode> node) throws FileRefused {
        return node.isEmpty() ? Optional.empty() : Optional.of(node.get().text(200));
    }
}
