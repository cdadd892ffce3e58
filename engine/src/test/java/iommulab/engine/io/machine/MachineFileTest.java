package iommulab.engine.io.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import iommulab.engine.io.FileRefused;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

class MachineFileTest {
    @TempDir Path folder;

    @Property(tries = 300)
    void whatIsSavedIsLoadedAgain(@ForAll("files") MachineFile file) throws Exception {
        assertThat(read(file.toText())).isEqualTo(file);
    }

    @Test
    void aFileCutOffAnywhereIsRefused() throws Exception {
        var bytes = read(sample().toString()).toText().strip().getBytes(StandardCharsets.UTF_8);
        for (int length = 0; length < bytes.length; length++) {
            var cut = new String(bytes, 0, length, StandardCharsets.UTF_8);
            assertThatThrownBy(() -> read(cut))
                    .isInstanceOf(FileRefused.class)
                    .hasMessageContaining("no JSON");
        }
    }

    @Property(tries = 300)
    void aFileWithOneByteChangedIsReadOrRefused(
            @ForAll("files") MachineFile file, @ForAll Random random) throws Exception {
        var bytes = file.toText().getBytes(StandardCharsets.UTF_8);
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(128);
        try {
            read(new String(bytes, StandardCharsets.UTF_8));
        } catch (FileRefused refused) {
            assertThat(refused).hasMessageContaining(": ");
        }
    }

    @Test
    void membersOfANewerVersionSurviveLoadAndSave() throws Exception {
        var json = sample();
        json.addProperty("version", "1.7");
        json.add("lessons", JsonParser.parseString("[{\"a\":1.10}]"));
        json.getAsJsonObject("machine").addProperty("colour.of", "red");
        function(json, 1).addProperty("slot", 7);
        var saved = JsonParser.parseString(read(json.toString()).toText()).getAsJsonObject();
        json.addProperty("version", "1.0");
        assertThat(saved).isEqualTo(json);
    }

    @Test
    void aFileOnDiskIsReplacedAsAWhole() throws Exception {
        var path = folder.resolve("m" + MachineFile.ENDING);
        var file = read(sample().toString());
        file.write(path);
        assertThat(MachineFile.read(path)).isEqualTo(file);
        assertThat(Files.list(folder)).hasSize(1);
    }

    @Test
    void everyFunctionAndEveryCommandHasItsLine() throws Exception {
        var text = read(sample().toString()).toText();
        assertThat(text.lines().filter(line -> line.contains("\"address\""))).hasSize(2);
        assertThat(text.lines().filter(line -> line.contains("\"do\""))).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    format                        | "tar"               | format: not 'iommulab'
                    version                       | "2.0"               | version: '2.0'; this program reads 1.x
                    stateHash                     | 7                   | stateHash: a number, not a text
                    machine.functions             | {}                  | machine.functions: an object, not a list
                    machine.functions.1.address   | "0000:00:00.0"      | machine.functions[1].address: 0000:00:00.0 is there twice
                    machine.functions.1.address   | "0000:00:00.9"      | machine.functions[1].address: '0000:00:00.9', not a PCI address
                    machine.functions.1.parent    | "0000:00:1f.0"      | 0000:01:00.0 is below 0000:00:1f.0, which does not exist
                    machine.functions.0.parent    | "0000:01:00.0"      | form a cycle
                    machine.functions.1.parent    | "0000:01:00.0"      | the bridges above 0000:01:00.0 form a cycle
                    machine.functions.1.configBytes | 4097              | machine.functions[1].configBytes: 4097, not a whole number from 1 to 4096
                    machine.functions.1.configBytes | 9223372036854775808 | machine.functions[1].configBytes: 9223372036854775808, not a whole number
                    machine.functions.1.configBytes | 1                 | machine.functions[1].config: 4 bytes, at most 1
                    machine.functions.1.config    | "12345"             | machine.functions[1].config: '12345', not pairs of hex digits
                    machine.functions.1.ids.vendor | "0x12345"          | machine.functions[1].ids.vendor: 0x12345, more than 16 bits
                    machine.functions.1.resources.0.end | "0x0"         | machine.functions[1].resources[0]: it ends at 0x0, before it starts
                    machine.functions.1.resources.0.end | "0x10000000000000000" | machine.functions[1].resources[0].end: 19 characters, at most 18
                    machine.memory.0.kind         | "disk"              | machine.memory[0].kind: 'disk', not ram, tables, bar, interrupt or reserved
                    machine.memory.1.start        | "0x0"               | machine.memory: b (0x0-0x3fff) overlaps a
                    machine.kernelSaid            | {"x":1}             | machine.kernelSaid.x: 'x' is no PCI address
                    journal.0                     | {"do":"disk.format"} | journal[0]: disk.format: there is no such call
                    journal.0.domain              | 3.5                 | journal[0]: domain.delete: argument 'domain' is '3.5', not a 32-bit number
                    journal.0.domain              | 9223372036854775808 | journal[0]: domain.delete: argument 'domain'
                    journal.0.force               | true                | journal[0]: domain.delete: it has no argument 'force'
                    view.zoom                     | 1                   | view.zoom: a number, not a text
                    """)
    void aSpoiledFieldIsRefusedWithPathAndRule(String field, String value, String message) {
        var json = sample();
        put(json, List.of(field.split("\\.")), value);
        assertThatThrownBy(() -> read(json.toString()))
                .isInstanceOf(FileRefused.class)
                .hasMessageContaining(message);
    }

    @Test
    void aMissingMemberIsNamed() {
        var json = sample();
        function(json, 1).remove("ids");
        assertThatThrownBy(() -> read(json.toString()))
                .hasMessageContaining("machine.functions[1]: 'ids' is missing");
    }

    @Test
    void aChainOfTenThousandBridgesIsRefused() {
        var json = sample();
        var functions = json.getAsJsonObject("machine").getAsJsonArray("functions");
        var last = function(json, 1);
        for (int i = 0; i < 10_000; i++) {
            var next = last.deepCopy();
            next.addProperty("parent", last.get("address").getAsString());
            next.addProperty("address", "%04x:%02x:00.0".formatted(1 + (i >> 8), i & 0xff));
            functions.add(next);
            last = next;
        }
        assertThatThrownBy(() -> read(json.toString())).isInstanceOf(FileRefused.class);
    }

    @Test
    void aMissingFileIsRefusedInWords() {
        assertThatThrownBy(() -> MachineFile.read(folder.resolve("none")))
                .hasMessage("file: it does not exist. Look for its name.");
    }

    @Provide
    Arbitrary<MachineFile> files() {
        return AnyMachine.anyFile();
    }

    private static MachineFile read(String text) throws Exception {
        return MachineFile.read(new StringReader(text));
    }

    private static JsonObject function(JsonObject json, int index) {
        return json.getAsJsonObject("machine")
                .getAsJsonArray("functions")
                .get(index)
                .getAsJsonObject();
    }

    private static void put(JsonObject at, List<String> steps, String value) {
        var inner = steps.subList(1, steps.size());
        if (inner.isEmpty()) {
            at.add(steps.getFirst(), JsonParser.parseString(value));
        } else if (at.get(steps.getFirst()) instanceof JsonArray array) {
            int index = Integer.parseInt(inner.getFirst());
            if (inner.size() == 1) {
                array.set(index, JsonParser.parseString(value));
            } else {
                put(array.get(index).getAsJsonObject(), inner.subList(1, inner.size()), value);
            }
        } else {
            put(at.getAsJsonObject(steps.getFirst()), inner, value);
        }
    }

    private static JsonObject sample() {
        return JsonParser.parseString(
                        """
                        {"format": "iommulab", "version": "1.0", "machine": {
                          "name": "two", "origin": "drawn by hand", "about": "", "kernelRelease": "",
                          "commandLine": "", "functions": [
                            {"address": "0000:00:00.0", "configBytes": 64, "config": "8680",
                             "ids": {"vendor": "0x8086", "device": "0x0", "subsystemVendor": "0x0",
                                     "subsystemDevice": "0x0", "class": "0x60400", "revision": "0x0"},
                             "resources": []},
                            {"address": "0000:01:00.0", "parent": "0000:00:00.0", "configBytes": 64,
                             "config": "86800001",
                             "ids": {"vendor": "0x8086", "device": "0x1", "subsystemVendor": "0x0",
                                     "subsystemDevice": "0x0", "class": "0x20000", "revision": "0x0"},
                             "resources": [{"index": 0, "start": "0x1000", "end": "0x1fff",
                                            "flags": "0x200"}],
                             "driver": "e1000e", "numaNode": 0}],
                          "firmware": {"DMAR": "444d4152"},
                          "units": [{"name": "dmar0", "registerBase": "0xfed90000", "cap": "0x0",
                                     "ecap": "0x0"}],
                          "memory": [
                            {"start": "0x0", "last": "0x1fff", "kind": "ram", "name": "a"},
                            {"start": "0x2000", "last": "0x3fff", "kind": "ram", "name": "b"}],
                          "externalFacing": [], "kernelSaid": {"0000:00:00.0": 0}, "remarks": []},
                         "journal": [{"do": "domain.delete", "domain": 3}], "stateHash": "0x1",
                         "view": {"theme": "dark"}}
                        """)
                .getAsJsonObject();
    }
}
