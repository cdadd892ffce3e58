package iommulab.engine.io.machine;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import iommulab.engine.ImmutableValue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a file contains that this version of the program does not know: written by a newer one, kept
/// through load and save so that nothing is lost.
@ImmutableValue
public final class UnknownMembers {
    public static final UnknownMembers NONE = new UnknownMembers(Map.of());

    private final Map<List<String>, JsonElement> bySteps;

    private UnknownMembers(Map<List<String>, JsonElement> bySteps) {
        this.bySteps = bySteps;
    }

    /// What nobody asked for while a tree was read.
    static UnknownMembers of(JsonNode root) {
        var found = new LinkedHashMap<List<String>, JsonElement>();
        root.collectUnasked(new ArrayList<>(), found);
        return found.isEmpty() ? NONE : new UnknownMembers(found);
    }

    public int count() {
        return bySteps.size();
    }

    /// Puts each member back where it was. One whose place is gone is dropped.
    void putInto(JsonObject root) {
        bySteps.forEach((steps, value) -> put(root, steps, value));
    }

    private static void put(JsonElement at, List<String> steps, JsonElement value) {
        var step = steps.getFirst();
        switch (at) {
            case JsonObject object when steps.size() == 1 -> object.add(step, value.deepCopy());
            case JsonObject object when object.has(step) ->
                    put(object.get(step), steps.subList(1, steps.size()), value);
            case JsonArray array when Integer.parseInt(step) < array.size() ->
                    put(array.get(Integer.parseInt(step)), steps.subList(1, steps.size()), value);
            default -> {
                return;
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof UnknownMembers members && members.bySteps.equals(bySteps);
    }

    @Override
    public int hashCode() {
        return bySteps.hashCode();
    }

    @Override
    public String toString() {
        return bySteps.keySet().toString();
    }
}
