package iommulab.engine.io.oracle;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Value;
import iommulab.engine.session.Call;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.Outcome;
import iommulab.engine.session.Session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;

/// Plays one scenario on a machine of its own and compares each answer.
final class ScenarioReplay {
    private final String file;
    private final String name;
    private final JsonObject scenario;
    private final Map<String, Value> variables = new HashMap<>();
    private final List<String> failures = new ArrayList<>();
    private int passed;
    private int deviating;

    /// @param file name of the file, for messages
    ScenarioReplay(String file, JsonObject scenario) {
        this.file = file;
        this.name = scenario.has("name") ? scenario.get("name").getAsString() : "without a name";
        this.scenario = scenario;
    }

    Verdict run() {
        int all = scenario.get("steps") instanceof JsonArray list ? list.size() : 0;
        try {
            return play();
        } catch (CommandRefused | IllegalArgumentException | IllegalStateException noMachine) {
            failures.add("%s %s: no machine: %s".formatted(file, name, noMachine.getMessage()));
            return new Verdict(0, Math.max(1, all), 0, failures);
        }
    }

    private Verdict play() throws CommandRefused {
        var steps = Json.array(scenario, "steps");
        boolean proposals = Json.text(scenario, "model").equals("proposal");
        try (var session =
                Session.open(
                        ScenarioMachine.of(name, Json.object(scenario, "topology"), proposals),
                        List.of())) {
            for (int i = 0; i < steps.size(); i++) {
                step(session, i + 1, steps.get(i));
            }
        }
        return new Verdict(passed, steps.size() - passed - deviating, 0, deviating, failures);
    }

    private void step(Session session, int number, JsonElement json) {
        var action = "no action";
        try {
            var step = json.getAsJsonObject();
            action = Json.text(step, "action");
            var call = call(action, Json.object(step, "args"));
            var answer = answer(session, call);
            remember(step, answer);
            var difference = difference(Json.object(step, "expect"), answer);
            if (difference.isEmpty()) {
                passed++;
            } else {
                fail(number, call.toString(), difference);
            }
        } catch (IllegalArgumentException | IllegalStateException bad) {
            fail(number, action, String.valueOf(bad.getMessage()));
        }
    }

    /// Known deviations are listed under the scenario's name.
    private void fail(int step, String call, String difference) {
        if (KnownDeviations.ALL.explain(name + ".", step, difference)) {
            deviating++;
        } else {
            failures.add("%s %s step %d, %s: %s".formatted(file, name, step, call, difference));
        }
    }

    // ---- the call

    private Call call(String action, JsonObject args) {
        var call = Call.of(action);
        for (var argument : args.asMap().entrySet()) {
            var value = value(argument.getValue());
            call =
                    call.with(
                            argument.getKey(),
                            value instanceof Value.Word(var word) ? word : value.toString());
        }
        return call;
    }

    private Value value(JsonElement json) {
        return switch (json) {
            case JsonArray items -> Value.of(items.asList().stream().map(this::value).toList());
            case JsonObject fields -> {
                var values = new LinkedHashMap<String, Value>();
                fields.asMap().forEach((name, field) -> values.put(name, value(field)));
                yield Value.of(values);
            }
            case JsonNull _ -> Value.of("null");
            default -> word(json.getAsString());
        };
    }

    private Value word(String text) {
        if (!text.startsWith("$")) {
            return Value.of(text);
        }
        var value = variables.get(text.substring(1));
        if (value == null) {
            throw new IllegalArgumentException(
                    "nothing was saved as '%s'; saved are %s".formatted(text, variables.keySet()));
        }
        return value;
    }

    /// @throws IllegalArgumentException if it is no call of the vocabulary
    private static Answer answer(Session session, Call call) {
        try {
            return session.submit(new Command.KernelCall(call)).join()
                            instanceof Outcome.Answered(var answer)
                    ? answer
                    : Answer.OK;
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof CommandRefused refused) {
                return refused.answer()
                        .orElseThrow(() -> new IllegalArgumentException(refused.reason()));
            }
            throw failed;
        }
    }

    private void remember(JsonObject step, Answer answer) {
        if (step.has("save")) {
            step.getAsJsonObject("save")
                    .asMap()
                    .forEach((variable, field) -> {
                        var value = answer.returns().get(field.getAsString());
                        if (value != null) {
                            variables.put(variable, value);
                        }
                    });
        }
    }

    // ---- the answer

    /// Empty if they agree.
    private String difference(JsonObject expect, Answer answer) {
        var errno = expect.has("errno") ? expect.get("errno").getAsString() : "";
        if (!errno.equals(answer.errno())) {
            return "expected %s, got %s (%s)"
                    .formatted(errno.isEmpty() ? "ok" : errno, answer, answer.rule());
        }
        if (expect.has("returns")) {
            for (var field : expect.getAsJsonObject("returns").asMap().entrySet()) {
                var found = answer.returns().get(field.getKey());
                if (found == null || !ScenarioMatch.matches(replaced(field.getValue()), found)) {
                    return "expected %s=%s, got %s (%s)"
                            .formatted(field.getKey(), field.getValue(), answer, answer.rule());
                }
            }
        }
        return "";
    }

    /// Variables replaced by what they hold.
    private JsonElement replaced(JsonElement json) {
        return switch (json) {
            case JsonArray items -> {
                var all = new JsonArray();
                items.forEach(item -> all.add(replaced(item)));
                yield all;
            }
            case JsonObject fields -> {
                var all = new JsonObject();
                fields.asMap().forEach((name, field) -> all.add(name, replaced(field)));
                yield all;
            }
            case JsonPrimitive text when text.getAsString().startsWith("$") ->
                    word(text.getAsString()) instanceof Value.Word(var word)
                            ? new JsonPrimitive(word)
                            : text;
            default -> json;
        };
    }
}
