"""Spanish. A subject and a predicate make a sentence; leads stand before, tails behind."""

DECIMAL, GROUP = ",", "."
MONEY = "{m} €"
MONTHS = ("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre").split()
DATE = "{day} de {month} de {year}"
NAMES = ("Lucía Herrera", "Andrés Molina", "Carmen Ibáñez", "Javier Ortega", "Elena Muñoz", "Raúl Domínguez",
         "Pilar Navarro", "Tomás Gil", "Marta Peña", "Sergio Vidal", "Beatriz Cano", "Íñigo Salas")
CITIES = ("Burgos", "Málaga", "Gijón", "Zaragoza", "Murcia", "Cádiz", "Vigo", "Toledo", "León", "Huelva")
FIRMS = ("Talleres del Ebro", "Papelera Levante", "Aguas del Norte", "Óptica Central", "Fletes Ibéricos")
LEADS = ("En {year}", "A finales de {month}", "Por primera vez desde {year}", "Tras revisar {n} expedientes",
         "En el segundo trimestre", "Según lo acordado en {city}", "A pesar de los precios más altos",
         "En contra de la previsión", "Desde el {date}", "Según las últimas cifras", "Después de dos retrasos",
         "Como en años anteriores", "Con el apoyo de {city}", "Por consejo de {name}", "En otoño", "Dentro del plan")
SUBJECTS = ("la dirección", "el equipo de finanzas", "la oficina regional", "el taller", "el grupo de trabajo",
            "el proveedor", "el laboratorio", "el comité de auditoría", "la nueva planta",
            "el departamento de transporte", "el ayuntamiento", "nuestro socio en {city}", "el centro de formación",
            "la unidad de investigación", "el almacén", "la división de ventas", "un grupo de expertos",
            "la oficina del proyecto", "el servicio al cliente", "la sucursal del norte", "el estudio de diseño",
            "el ministerio", "la biblioteca", "la cooperativa")
PREDICATES = ("aprobó el presupuesto de {year}", "redujo sus costes un {p} por ciento", "creó {n} puestos nuevos",
              "publicó un informe sobre el consumo de agua", "sustituyó {n} máquinas antiguas",
              "trasladó sus expedientes a un archivo único", "alcanzó el objetivo fijado en {year}",
              "formó a {n} empleados en el propio centro", "declaró una pérdida de {m} mil euros",
              "firmó un contrato con una empresa de {city}", "recogió {n} muestras a lo largo del río",
              "redujo la espera de {k} días a dos", "pidió una segunda opinión antes de seguir",
              "comprobó cada factura superior a {m} euros", "no encontró ningún fallo en el contador",
              "amplió el almacén hasta {n} metros cuadrados", "devolvió {n} formularios incompletos",
              "creó una reserva para reparaciones", "respondió a casi todo en {k} días hábiles",
              "aplazó la decisión hasta {month}", "registró un aumento del {p} por ciento",
              "cambió el calendario de entregas", "probó la válvula a una presión de {k} bares",
              "comparó los resultados con los de {year}", "mantuvo el precio del servicio básico",
              "nombró coordinador a {name}", "cerró la menor de sus dos sedes en {city}",
              "invitó a los vecinos a opinar sobre el borrador")
TAILS = ("un {p} por ciento más de lo previsto", "aunque el tiempo fue difícil", "y el efecto se notó en pocas semanas",
         "como consta en el acta del {date}", "porque la demanda fue estable", "mientras otras regiones cambiaron poco",
         "de modo que la obra siguió en {month}", "sin personal adicional", "incluso donde el acceso era limitado",
         "como explicó {name}", "lo que explica el salto de la serie", "antes de que venciera el plazo",
         "y no hubo ninguna queja", "algo que todos agradecieron")
HEADINGS = ("Introducción", "Objeto y alcance", "Antecedentes", "Método", "Resultados", "Discusión", "Cifras clave",
            "Mercado y clientes", "Personal y formación", "Costes y ahorro", "Riesgos", "Energía y agua",
            "Transporte y logística", "Control de calidad", "Fuentes de datos", "Cadena de suministro",
            "Inversiones previstas", "Perspectivas", "Seguridad laboral", "Mantenimiento", "Consulta pública",
            "Servicios digitales", "Trabajos relacionados", "Almacenes y archivos", "Oficinas regionales", "Compras",
            "Lecciones aprendidas", "Conclusiones", "Financiación", "Seguimiento", "Cuestiones abiertas",
            "Próximos pasos")
TITLES = ("Memoria anual de actividad", "El agua en ciudades en crecimiento", "Informe de logística regional",
          "Autobuses en zonas rurales", "La energía en edificios públicos", "Programa y balance de los talleres",
          "Boletín de calidad del servicio", "Estudio de la demanda estacional", "Manual de instalaciones",
          "Noticias del barrio")
ITEMS = ("Revisar el estado de las juntas", "Anotar el número de serie", "Enviar el formulario firmado",
         "Nueva lista de contactos de urgencia", "Repuestos para la bomba principal", "Repaso de facturas abiertas",
         "Cortar la corriente antes de abrir la tapa", "Limpiar el filtro con agua templada",
         "Acuerdo sobre fechas de entrega", "Mejor luz en el aparcamiento", "Dos soportes para bicicletas",
         "Comparar la lectura con la tabla", "Guardar una copia durante {k} años", "Formación de {n} voluntarios",
         "Acceso para sillas de ruedas", "Esperar a la luz verde", "Medir la distancia dos veces",
         "Colas más cortas en recepción", "Reembolso en {k} días", "Mapas impresos para visitantes",
         "Pedir cartuchos de repuesto", "Inspeccionar el tejado tras la lluvia", "Intercambio de datos con {city}",
         "Poner la fecha en cada envase", "Confirmar la reserva con {name}", "Quitar los dos tornillos inferiores",
         "Seguro para equipos prestados", "Cerrar despacio la válvula", "Avisar de daños el mismo día",
         "Horario fijo en verano", "Guardar el cable lejos del calor", "Pedir la tarjeta de visitante")
ROWS = ("Sueldos y salarios", "Materias primas", "Alquiler", "Electricidad", "Seguros", "Viajes", "Publicidad",
        "Amortización", "Gastos legales", "Licencias", "Limpieza", "Flete", "Embalaje", "Intereses", "Correo",
        "Consultoría", "Programas", "Reparaciones", "Combustible", "Comedor", "Impresión", "Vigilancia", "Formación",
        "Teléfono")
COLUMNS = ("Concepto", "Región", "Total", "Variación", "Cuota", "Plan", "Real", "Año anterior", "Unidad", "Precio",
           "Código", "Cantidad", "Previsión", "Diferencia", "Notas", "Periodo")
PRODUCTS = ("Lámpara de mesa", "Silla de oficina", "Archivador", "Pizarra blanca", "Destructora", "Perchero",
            "Reloj de pared", "Brazo de monitor", "Etiquetadora", "Canaleta", "Reposapiés", "Papelera",
            "Tablón de corcho", "Perforadora", "Pesacartas", "Bandeja", "Soporte de portátil", "Auriculares",
            "Alargador", "Proyector")
COLOURS = ("negro", "blanco", "gris", "haya", "nogal", "plata", "azul")
CAPTIONS = ("Costes de explotación por tipo", "Entregas por región", "Resultados del ensayo", "Número de visitas",
            "Espera media en días", "Valores medidos y límites", "Presupuesto y gasto real",
            "Respuestas por grupo de edad", "Existencias al final del periodo", "Consumo por edificio")
QUESTIONS = ("¿Cómo cambio mi dirección?", "¿Cuándo abre la oficina?", "¿Puedo devolver un producto?",
             "¿Cuánto cuesta el servicio básico?", "¿Quién repara un contador averiado?",
             "¿Cuánto tiempo vale un billete?", "¿Necesito cita previa?", "¿Dónde puedo aparcar?",
             "¿Hay descuento para estudiantes?", "¿Qué pasa si me retraso en un pago?",
             "¿Cómo se guardan mis datos?", "¿Puedo llevar un invitado?", "¿Qué documentos se exigen?",
             "¿Cómo cancelo el contrato?")
NOTES = ("Cifras provisionales de {year}.", "Véase el acta del {date}, punto {k}.",
         "Redondeado a millares; las sumas pueden diferir.", "Comunicación de {name}, {date}.",
         "Sin la sucursal de {city}.", "A partir de {n} formularios.", "Sin impuestos.", "Serie revisada en {year}.")
WORDS = {"table": "Tabla", "figure": "Figura", "page": "Página", "of": "de", "total": "Total", "abstract": "Resumen",
         "references": "Referencias", "note": "Nota", "contents": "Índice", "confidential": "Uso interno",
         "minutes": "Acta de la reunión", "date": "Fecha", "place": "Lugar", "chair": "Preside",
         "present": "Asisten", "absent": "Excusan", "time": "Hora", "actions": "Tareas", "item": "Tarea",
         "responsible": "Responsable", "due": "Plazo", "price": "Precio", "code": "Código", "name": "Artículo",
         "continued": "continuación", "keywords": "Palabras clave", "issue": "Número", "sincerely": "Atentamente,",
         "dear": "Hola, {name}:", "subtotal": "Subtotal", "income": "Ingresos", "expenses": "Gastos",
         "assets": "Activo", "liabilities": "Pasivo", "result": "Resultado del ejercicio", "notes": "Notas",
         "thousand": "en miles", "change": "Variación", "agenda": "Orden del día"}
