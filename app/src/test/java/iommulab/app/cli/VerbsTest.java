package iommulab.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;

class VerbsTest {
    private static final Path RESOURCES = Path.of("../engine/src/test/resources");
    private static final String ARCHIVE = RESOURCES + "/linux-groups/sriov-igb-a/sysfs.tar.gz";

    @TempDir Path folder;

    @Test
    void recordedAnswersAreCounted() {
        var said = run("verify", RESOURCES.resolve("vtd-qemu").toString());
        assertThat(said.code).isEqualTo(ExitCode.DONE);
        assertThat(said.lastLine()).matches("[1-9][0-9]* passed, 0 failed(, [0-9]+ skipped)?");
    }

    @Test
    void anAnswerThatDiffersIsALineAndTheExitCode() throws Exception {
        var sample = Files.readString(Path.of("../samples/peer-to-peer.iommulab.json"));
        write("p.iommulab.json", sample.replace("\"ends\":\"peer\"", "\"ends\":\"hit\""));
        var said = run("verify", folder.toString());
        assertThat(said.code).isEqualTo(ExitCode.DIFFERENT);
        var last = said.lastLine();
        assertThat(last).matches("[0-9]+ passed, [1-9][0-9]* failed");
        long failed = Long.parseLong(last.replaceAll(".*, ([0-9]+) failed", "$1"));
        assertThat(said.out.lines().filter(line -> line.startsWith("p.iommulab.json: ")))
                .as("a line for each failing step")
                .hasSize((int) failed);
    }

    @Test
    void theSameRunEndsInTheSameState() throws Exception {
        var sample = "../samples/lab-station.iommulab.json";
        var once = run("run", sample, "--dmas", "5000", "--hash");
        assertThat(once.code).as(once.err).isEqualTo(ExitCode.DONE);
        assertThat(run("run", "--hash", "--dmas", "5000", sample).out).isEqualTo(once.out);
        var more = JsonParser.parseString(run("run", sample, "--dmas", "5001").out);
        var less = JsonParser.parseString(once.out);
        assertThat(requests(more) - requests(less)).isEqualTo(1);
    }

    private static long requests(JsonElement counters) {
        return counters.getAsJsonObject().get("requests").getAsLong();
    }

    @Test
    void filesThatAreNoRecordedAnswersAreIgnored() throws Exception {
        write("README.md", "# Read me");
        write("vocabulary.json", "{\"driver.bind\": {\"args\": []}}");
        assertThat(run("verify", folder.toString()).lastLine()).isEqualTo("0 passed, 0 failed");
    }

    @Test
    void scenariosThatSayTooLittleFailAndAreCounted() throws Exception {
        write("a.json", "[{\"model\": \"linux\", \"steps\": [{}, {}, {}]}]");
        write(
                "b.json",
                """
                [{"name": "b", "model": "linux", "topology": {"iommus": {"i": {"kind": "mock"}}, "groups": []},
                  "steps": [{}, {"action": "iommufd.open", "args": {}, "expect": {"ok": true}}]}]
                """);
        var said = run("verify", folder.toString());
        assertThat(said.out)
                .contains("a.json without a name: no machine: 'topology' is missing")
                .contains("b.json b step 1, no action: 'action' is missing");
        assertThat(said.lastLine()).isEqualTo("1 passed, 4 failed");
    }

    @Test
    void whatIsNotThereIsToldInOneLine() {
        var said = run("verify", "no/such/file");
        assertThat(said.code).isEqualTo(ExitCode.REFUSED);
        assertThat(said.err).isEqualTo("iommulab: no/such/file: there is no such file\n");
    }

    @Test
    void anUnknownVerbIsAMatterOfUsage() {
        assertThat(run("explode").code).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void groupsOfACaptureAreTheKernelsOwn() throws Exception {
        var said = run("groups", "--json", ARCHIVE);
        assertThat(said.code).as(said.err).isEqualTo(ExitCode.DONE);
        var json = JsonParser.parseString(said.out).getAsJsonObject();
        assertThat(json.keySet()).containsExactly("groups", "ungrouped");
        assertThat(json.getAsJsonArray("groups").get(0).getAsJsonObject().keySet())
                .containsExactly("id", "type", "devices");
    }

    @Test
    void aGroupTellsWhy() {
        var functions = twoOfOneGroup();
        var said = run("groups", ARCHIVE, "--why", functions[0], functions[1]);
        assertThat(said.code).as(said.err).isEqualTo(ExitCode.DONE);
        assertThat(said.out).contains(functions[0], functions[1]);
    }

    @Test
    void anImportedMachineIsTheSameMachine() throws Exception {
        var saved = folder.resolve("m.iommulab.json").toString();
        assertThat(run("import", ARCHIVE, saved).code).isEqualTo(ExitCode.DONE);
        assertThat(run("groups", "--json", saved).out)
                .isEqualTo(run("groups", "--json", ARCHIVE).out);
        assertThat(run("run", "--dmas", "0", "--hash", saved).out)
                .isEqualTo(run("run", "--dmas", "0", "--hash", ARCHIVE).out);
    }

    @Test
    void aMachineIsDescribed() {
        var json = JsonParser.parseString(run("describe", ARCHIVE).out).getAsJsonObject();
        assertThat(json.get("functions").getAsInt()).isPositive();
        assertThat(json.getAsJsonArray("iommus")).isNotEmpty();
    }

    @Test
    void aWalkOfAnUnmappedAddressFaults() {
        var said = run("walk", ARCHIVE, "--requester", twoOfOneGroup()[0], "--iova", "0x1000");
        assertThat(said.err).isEmpty();
        var outcome = JsonParser.parseString(said.out).getAsJsonObject().getAsJsonObject("outcome");
        assertThat(outcome.has("fault")).isEqualTo(said.code == ExitCode.DIFFERENT);
    }

    @Test
    void aDamagedFileIsToldInOneLine() throws Exception {
        var file = write("m.iommulab.json", "{\"format\": \"iommulab\"");
        for (var verb : new String[] {"groups", "describe", "run"}) {
            var said = run(verb, file);
            assertThat(said.code).isEqualTo(ExitCode.REFUSED);
            assertThat(said.err).startsWith("iommulab: " + file + ": ").hasLineCount(1);
        }
    }

    @Test
    void aDefectIsToldInOneLineWithoutATrace() {
        var err = new StringWriter();
        var sample = "../samples/first-walk.iommulab.json";
        int code =
                Verbs.commandLine(
                                (_, _, _) -> {
                                    throw new IllegalStateException("the lens fell off");
                                })
                        .setErr(new PrintWriter(err))
                        .execute("picture", sample, "--view", "walk", "--png", "p.png");
        assertThat(code).isEqualTo(ExitCode.DEFECT);
        assertThat(err.toString()).contains("the lens fell off").hasLineCount(1);
    }

    private static String[] twoOfOneGroup() {
        JsonArray groups =
                JsonParser.parseString(run("groups", "--json", ARCHIVE).out)
                        .getAsJsonObject()
                        .getAsJsonArray("groups");
        for (var group : groups) {
            JsonArray devices = ((JsonObject) group).getAsJsonArray("devices");
            if (devices.size() > 1) {
                return new String[] {devices.get(0).getAsString(), devices.get(1).getAsString()};
            }
        }
        throw new AssertionError("every group of the capture has one function");
    }

    private String write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    private static Said run(String... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        int code =
                Verbs.commandLine((_, _, _) -> {})
                        .setOut(new PrintWriter(out))
                        .setErr(new PrintWriter(err))
                        .execute(args);
        return new Said(code, out.toString(), err.toString());
    }

    private record Said(int code, String out, String err) {
        String lastLine() {
            return out.lines().reduce((_, last) -> last).orElse("");
        }
    }
}
