package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"modernc.org/sqlite"
)

type product struct {
	ID       int     `json:"id"`
	Name     string  `json:"name"`
	PriceFen int64   `json:"price_fen"`
	Stock    int64   `json:"stock"`
	Stars    float64 `json:"stars,omitempty"`
}

const catalogSchema = `
CREATE TABLE IF NOT EXISTS products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price_fen INTEGER NOT NULL, stock INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS reviews (id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL REFERENCES products(id), stars INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS reviews_by_product ON reviews(product_id);
INSERT OR IGNORE INTO products (id, name, price_fen, stock) VALUES
 (1, '青花瓷茶杯', 6800, 1000000), (2, '西湖龙井 250g', 16800, 1000000), (3, '机械键盘', 45900, 1000000),
 (4, 'USB-C 充电线', 2900, 1000000), (5, '羽绒服', 89900, 1000000), (6, '蓝牙耳机', 29900, 1000000),
 (7, 'Espresso machine', 259900, 1000000), (8, '保温杯', 9900, 1000000), (9, '竹编灯罩', 12800, 1000000),
 (10, 'Notebook, ruled', 1900, 1000000), (11, '宣纸 100张', 8800, 1000000), (12, '折叠自行车', 199900, 1000000);
INSERT OR IGNORE INTO reviews (id, product_id, stars)
 SELECT p.id * 100 + n.value, p.id, 3 + (p.id * n.value) % 3 FROM products p JOIN json_each('[1,2,3,4,5,6,7,8]') n;
`

// productCount is the number of products; their ids are 1 to productCount.
const productCount = 12

type catalogService struct {
	*service
	db *sql.DB
}

func buildCatalog(ctx context.Context, s *service) (parts, error) {
	// What a missing index would do, without the heat: a query that waits.
	err := sqlite.RegisterScalarFunction("shop_sleep", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		ms, _ := args[0].(int64)
		time.Sleep(time.Duration(min(ms, maxSlowMS)) * time.Millisecond)
		return int64(0), nil
	})
	if err != nil {
		return parts{}, err
	}
	shutdown, err := s.openTelemetry(ctx)
	if err != nil {
		return parts{}, err
	}
	db, err := s.openDB(ctx, "catalog.db", catalogSchema)
	if err != nil {
		return parts{}, err
	}
	c := &catalogService{s, db}
	mux := http.NewServeMux()
	tracedRoute(mux, "GET /products", c.list)
	tracedRoute(mux, "GET /products/{id}", c.get)
	tracedRoute(mux, "POST /products/{id}/take", c.take)
	return parts{handler: mux, close: func(ctx context.Context) error { return errors.Join(db.Close(), shutdown(ctx)) }}, nil
}

const (
	listQuery = `SELECT p.id, p.name, p.price_fen, p.stock, AVG(r.stars) FROM products p JOIN reviews r ON r.product_id = p.id
 WHERE p.name LIKE '%' || ? || '%' GROUP BY p.id ORDER BY p.id LIMIT ?`
	slowListQuery = `SELECT p.id, p.name, p.price_fen, p.stock, AVG(r.stars) FROM products p JOIN reviews r ON r.product_id = p.id
 WHERE (SELECT shop_sleep(?)) = 0 AND p.name LIKE '%' || ? || '%' GROUP BY p.id ORDER BY p.id LIMIT ?`
	plainListQuery = `SELECT id, name, price_fen, stock FROM products WHERE name LIKE '%' || ? || '%' ORDER BY id LIMIT ?`
	starsQuery     = `SELECT AVG(stars) FROM reviews WHERE product_id = ?`
)

func (c *catalogService) list(w http.ResponseWriter, r *http.Request) {
	limit := 20
	if v := r.URL.Query().Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 100 {
			writeError(w, http.StatusBadRequest, fmt.Errorf("limit: want 1 to 100, got %q", v))
			return
		}
		limit = n
	}
	list := c.query
	if c.faults.get().NPlusOne {
		list = c.queryOneByOne
	}
	products, err := list(r.Context(), r.URL.Query().Get("q"), limit)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, products)
}

func (c *catalogService) query(ctx context.Context, q string, limit int) ([]product, error) {
	query, args := listQuery, []any{q, limit}
	if d := c.faults.slowQuery(); d > 0 {
		query, args = slowListQuery, []any{d.Milliseconds(), q, limit}
	}
	rows, err := c.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	products := []product{}
	for rows.Next() {
		var p product
		if err := rows.Scan(&p.ID, &p.Name, &p.PriceFen, &p.Stock, &p.Stars); err != nil {
			return nil, err
		}
		products = append(products, p)
	}
	return products, rows.Err()
}

// queryOneByOne is what an object mapper does behind one's back.
func (c *catalogService) queryOneByOne(ctx context.Context, q string, limit int) ([]product, error) {
	rows, err := c.db.QueryContext(ctx, plainListQuery, q, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	products := []product{}
	for rows.Next() {
		var p product
		if err := rows.Scan(&p.ID, &p.Name, &p.PriceFen, &p.Stock); err != nil {
			return nil, err
		}
		products = append(products, p)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i := range products {
		if err := c.db.QueryRowContext(ctx, starsQuery, products[i].ID).Scan(&products[i].Stars); err != nil {
			return nil, err
		}
	}
	return products, nil
}

func (c *catalogService) get(w http.ResponseWriter, r *http.Request) {
	var p product
	err := c.db.QueryRowContext(r.Context(), `SELECT id, name, price_fen, stock FROM products WHERE id = ?`, r.PathValue("id")).
		Scan(&p.ID, &p.Name, &p.PriceFen, &p.Stock)
	if errors.Is(err, sql.ErrNoRows) {
		writeError(w, http.StatusNotFound, fmt.Errorf("no product %s", r.PathValue("id")))
		return
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, p)
}

func (c *catalogService) take(w http.ResponseWriter, r *http.Request) {
	var in struct{ Quantity int64 }
	if !readJSON(w, r, &in) {
		return
	}
	res, err := c.db.ExecContext(r.Context(), `UPDATE products SET stock = stock - ? WHERE id = ? AND stock >= ?`, in.Quantity, r.PathValue("id"), in.Quantity)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		writeError(w, http.StatusConflict, fmt.Errorf("not enough of product %s in stock", r.PathValue("id")))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (c *catalogService) fail(w http.ResponseWriter, r *http.Request, err error) {
	span := trace.SpanFromContext(r.Context())
	span.RecordError(err)
	span.SetStatus(codes.Error, err.Error())
	c.log.ErrorContext(r.Context(), "catalog query failed", "exception.type", fmt.Sprintf("%T", err), "exception.message", err.Error())
	writeError(w, http.StatusInternalServerError, err)
}
