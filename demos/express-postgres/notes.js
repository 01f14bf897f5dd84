import pg from 'pg';

if (!process.env.DATABASE_URL) {
  throw new Error('DATABASE_URL is not set: give the address of a PostgreSQL database');
}

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 3000 });
pool.on('error', (error) => console.error(`lost a connection to the database: ${error.message}`));

export async function prepare() {
  await pool.query(`create table if not exists notes (
    id bigint generated always as identity primary key,
    text text not null,
    written timestamptz not null default now()
  )`);
}

export async function latest() {
  const { rows } = await pool.query('select text, written from notes order by id desc limit 20');
  return rows;
}

export const add = (text) => pool.query('insert into notes (text) values ($1)', [text]);

export const ping = () => pool.query('select 1');

export const close = () => pool.end();
