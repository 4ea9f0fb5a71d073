package io.nextclick.models.clicklog;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The attributes of a rating: the rating itself, then what is known of the item and of the user,
 * which all of their ratings share. A log of 25 million ratings has as many of these; copies of
 * eight entries each would take gigabytes. Immutable as long as nobody changes what is shared.
 */
final class RatingAttributes extends AbstractMap<String, String> {

    static final String RATING = "rating";

    private final String rating;
    private final Map<String, String> item;
    private final Map<String, String> user;

    /**
     * @param item attributes of other names than those of {@code user}; neither has a rating
     */
    RatingAttributes(String rating, Map<String, String> item, Map<String, String> user) {
        this.rating = rating;
        this.item = item;
        this.user = user;
    }

    @Override
    public String get(Object name) {
        if (RATING.equals(name)) {
            return rating;
        }
        String known = item.get(name);
        return known == null ? user.get(name) : known;
    }

    @Override
    public boolean containsKey(Object name) {
        return get(name) != null;
    }

    @Override
    public int size() {
        return 1 + item.size() + user.size();
    }

    @Override
    public Set<Entry<String, String>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public Iterator<Entry<String, String>> iterator() {
                return Stream.of(
                                List.of(Map.entry(RATING, rating)),
                                item.entrySet(),
                                user.entrySet())
                        .flatMap(entries -> entries.stream())
                        .iterator();
            }

            @Override
            public int size() {
                return RatingAttributes.this.size();
            }
        };
    }
}
