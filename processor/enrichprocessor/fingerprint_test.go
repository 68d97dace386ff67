package enrichprocessor

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFingerprint(t *testing.T) {
	var tok tokenizer
	is := func(system, statement, want string) {
		t.Helper()
		got, hash := tok.fingerprint(statement, dialectOf(system))
		if got != want {
			t.Errorf("fingerprint(%q): got %q, want %q", statement, got, want)
		}
		if again, hash2 := new(tokenizer).fingerprint(statement, dialectOf(system)); again != got || hash2 != hash {
			t.Errorf("fingerprint(%q): %q with a used tokenizer, %q with a new one", statement, got, again)
		}
	}
	is("postgresql", "SELECT * FROM orders WHERE id = 42", "select * from orders where id = ?")
	is("postgresql", "select *\n\tfrom orders -- the newest\nwhere id=$1;", "select * from orders where id = ?")
	is("postgresql", "SELECT o.id, o.\"Total\" FROM shop.orders o /* hint */ WHERE o.name = 'O''Brien'", `select o.id, o."Total" from shop.orders o where o.name = ?`)
	is("postgresql", `SELECT 'C:\', id FROM t`, "select ?, id from t")
	is("postgresql", `SELECT E'it\'s', id FROM t`, "select ?, id from t")
	is("postgresql", "SELECT $$it's$$, $tag$ $$ $tag$, id FROM t", "select ?, id from t")
	is("postgresql", "SELECT a::text FROM t WHERE b = :name", "select a :: text from t where b = ?")
	is("mysql", "SELECT `Id` FROM t WHERE name = \"x\" AND y = 'it\\'s' # end", "select `Id` from t where name = ? and y = ?")
	is("", "SELECT a FROM t WHERE id IN (1, 2, 3)", "select a from t where id in(?)")
	is("", "SELECT a FROM t WHERE id IN (?,?)", "select a from t where id in(?)")
	is("", "SELECT a FROM t WHERE id IN ( %s , @p1, :p2, 0xFF )", "select a from t where id in(?)")
	is("", "INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y'), (-3, NULL)", "insert into t(a, b) values(?), (?, null)")
	is("", "INSERT INTO t VALUES (1, -2.5e-3), (3, .5)", "insert into t values(?)")
	is("", "SELECT a-1, b - -2, -3 FROM t1 WHERE c BETWEEN -5 AND +6 LIMIT 10", "select a - ?, b - ? from t1 where c between ? and ? limit ?")
	is("", "UPDATE t SET n = n + 1 WHERE a <> 'x' AND b >= 2", "update t set n = n + ? where a <> ? and b >= ?")
	is("redis", "SET user:17 \"hello\" EX 60", `set user : ? "hello" ex ?`)
	is("", "SELECT N'Ünï' FROM Straße", "select ? from straße")
	is("", "'unterminated", "?")
	is("", "/* unterminated", "")
	is("", "   ", "")
	is("", "((((", "((((")
	is("mongodb", `{"find": "orders", "filter": {"id": 7}}`, `{ "find" : "orders", "filter" : { "id" : ? } }`)
}

func TestFingerprintHash(t *testing.T) {
	var tok tokenizer
	_, a := tok.fingerprint("SELECT 1", 0)
	_, b := tok.fingerprint("select   2 -- two", 0)
	_, c := tok.fingerprint("SELECT a", 0)
	if a != b || a == c {
		t.Errorf("hashes: got %x and %x for one statement with two values, %x for another; want equal and different", a, b, c)
	}
}

func FuzzFingerprint(f *testing.F) {
	for _, s := range []string{"SELECT * FROM t WHERE a IN (1,2) AND b='x' -- c", "INSERT INTO t VALUES (1,'a'),(-2,\"b\")", "$$a$$ $1 @x :y ?",
		"- - -5 + .5e+3 . 6", "E'\\'' /* */ # \n `q", "((?), (?)), (?)", "\xff\xfe'\x00", "Kelvin \u212a \u0130"} {
		f.Add(s, uint8(0))
		f.Add(s, uint8(7))
	}
	f.Fuzz(func(t *testing.T, statement string, d uint8) {
		var tok tokenizer
		once, hash := tok.fingerprint(statement, dialect(d&7))
		if len(once) > maxFingerprint {
			t.Fatalf("got %d bytes, want at most %d", len(once), maxFingerprint)
		}
		if utf8.ValidString(statement) && !utf8.ValidString(once) {
			t.Fatalf("%q is no UTF-8", once)
		}
		if len(once) > maxFingerprint/2 {
			return // perhaps cut within a token
		}
		// What a fingerprint says must not depend on how the statement was laid out.
		if twice, hash2 := tok.fingerprint(once, dialect(d&7)); twice != once || hash2 != hash {
			t.Fatalf("fingerprint of %q is %q, of that %q", statement, once, twice)
		}
		if spaced, _ := tok.fingerprint("  \n"+statement, dialect(d&7)); spaced != once {
			t.Fatalf("leading white space changes %q to %q", once, spaced)
		}
	})
}

func BenchmarkFingerprint(b *testing.B) {
	statement := "SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.state IN ('new', 'paid', 'sent') AND o.created > '2024-01-01' LIMIT 50"
	statement += strings.Repeat(" ", 8)
	var tok tokenizer
	b.ReportAllocs()
	b.SetBytes(int64(len(statement)))
	for b.Loop() {
		tok.fingerprint(statement, 0)
	}
}
